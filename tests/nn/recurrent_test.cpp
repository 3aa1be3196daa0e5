// LSTM and GRU against PyTorch's values and gradients, and their cells to second order.
#include <cmath>

#include "tests/autograd/support.h"
#include "tests/golden/operators_golden.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

void compare(const std::string& name, const Tensor& got) {
    for (const golden::Expected& e : golden::recurrent) {
        if (e.name != name) continue;
        REQUIRE_MESSAGE(got.shape() == Shape(e.shape), name, ": ", got.shape().to_string());
        const std::vector<double> values = got.to_vector();
        for (std::size_t i = 0; i < values.size(); ++i)
            CHECK_MESSAGE(std::abs(values[i] - e.values[i]) <= 1e-10, name, ", element ", i);
        return;
    }
    FAIL("no golden values of ", name);
}

// The same values as in make_operators_golden.py.
Tensor spread(const Shape& shape, double phase, double scale = 1.5) {
    Tensor x = empty(shape, {.dtype = f64});
    for (std::int64_t i = 0; i < x.numel(); ++i)
        x.data<double>()[i] =
            std::nearbyint(std::sin(static_cast<double>(i) * 1.7 + phase) * scale * 1000) / 1000;
    return x;
}

void set_parameters(nn::Module& layer) {
    NoGrad guard;
    double phase = 0;
    for (auto [name, parameter] : layer.named_parameters())
        parameter.copy_(spread(parameter.shape(), phase++, 0.7));
}

const nn::RecurrentOptions forward{.layers = 2, .dtype = f64};
const nn::RecurrentOptions both{
    .layers = 2, .batch_first = true, .bidirectional = true, .dtype = f64};

// The number of layers and directions, and the batch, of x [5, 4, 3].
Shape state_shape(const nn::RecurrentOptions& options) {
    return options.bidirectional ? Shape{4, 5, 2} : Shape{2, 4, 2};
}

void compare_gradients(const std::string& name, const Tensor& y, const Tensor& x,
                       const nn::Recurrent& layer) {
    const std::vector<Tensor> g =
        grad(y, {x, layer.weights[0].weight_hh}, {.gradient = spread(y.shape(), 0.9)});
    compare(name + " dx", g[0]);
    compare(name + " dw", g[1]);
}

}  // namespace

TEST_CASE("recurrent: LSTM has PyTorch's values and gradients, in both directions") {
    for (const nn::RecurrentOptions& options : {forward, both}) {
        const std::string name = options.bidirectional ? "LSTM both" : "LSTM forward";
        nn::LSTM layer(3, 2, options);
        set_parameters(layer);
        const Tensor x = leaf(spread({5, 4, 3}, 0.1));
        const Shape shape = state_shape(options);
        const nn::LstmSequence got = layer.forward(x, {spread(shape, 0.2), spread(shape, 0.3)});
        compare(name, got.output);
        compare(name + " h", got.state.h);
        compare(name + " c", got.state.c);
        compare_gradients(name, got.output, x, layer);
    }
}

TEST_CASE("recurrent: GRU has PyTorch's values and gradients, in both directions") {
    for (const nn::RecurrentOptions& options : {forward, both}) {
        const std::string name = options.bidirectional ? "GRU both" : "GRU forward";
        nn::GRU layer(3, 2, options);
        set_parameters(layer);
        const Tensor x = leaf(spread({5, 4, 3}, 0.1));
        const nn::GruSequence got = layer.forward(x, spread(state_shape(options), 0.2));
        compare(name, got.output);
        compare(name + " h", got.h);
        compare_gradients(name, got.output, x, layer);
    }
}

TEST_CASE("recurrent: the cells have derivatives to second order, and are steps of the layers") {
    const auto values = [](const Shape& shape, double phase) {
        return leaf(spread(shape, phase, 0.7));
    };
    const auto lstm_energy = [](const std::vector<Tensor>& in) {
        const nn::LstmState next =
            nn::lstm_cell(in[0], {in[1], in[2]}, {in[3], in[4], in[5], in[6]});
        return next.h * next.c;
    };
    const std::vector<Tensor> inputs{values({2, 3}, 0.1), values({2, 2}, 0.2), values({2, 2}, 0.3),
                                     values({8, 3}, 0.4), values({8, 2}, 0.5), values({8}, 0.6),
                                     values({8}, 0.7)};
    CHECK_NOTHROW(gradcheck(lstm_energy, inputs));
    CHECK_NOTHROW(gradgradcheck(lstm_energy, inputs));
    const auto gru_state = [](const std::vector<Tensor>& in) {
        return nn::gru_cell(in[0], in[1], {in[2], in[3], in[4], in[5]});
    };
    const std::vector<Tensor> gates{values({2, 3}, 0.1), values({2, 2}, 0.2), values({6, 3}, 0.4),
                                    values({6, 2}, 0.5), values({6}, 0.6),    values({6}, 0.7)};
    CHECK_NOTHROW(gradcheck(gru_state, gates));
    CHECK_NOTHROW(gradgradcheck(gru_state, gates));

    nn::GRU layer(3, 2, {.dtype = f64});
    const Tensor x = spread({2, 1, 3}, 0.1), nothing = zeros({1, 2}, {.dtype = f64});
    const Tensor first = nn::gru_cell(x[0], nothing, layer.weights[0]);
    const Tensor second = nn::gru_cell(x[1], first, layer.weights[0]);
    CHECK(max(abs(layer.forward(x)[1] - second)).item() < 1e-14);
}

TEST_CASE("recurrent: parameters have PyTorch's names, and print") {
    nn::LSTM layer(3, 2, {.layers = 2, .bidirectional = true});
    std::vector<std::string> names;
    for (const auto& [name, parameter] : layer.named_parameters()) names.push_back(name);
    REQUIRE(names.size() == 16);
    CHECK(names[0] == "weight_ih_l0");
    CHECK(names[7] == "bias_hh_l0_reverse");
    CHECK(names[12] == "weight_ih_l1_reverse");
    CHECK(layer.extra_repr() == "3 -> 2, layers 2, bias, bidirectional");
}

TEST_CASE("recurrent: wrong sequences, states and weights are refused in a sentence") {
    nn::LSTM layer(3, 2);
    const auto says = [](const std::function<void()>& call, const char* part) {
        try {
            call();
            FAIL("nothing was thrown");
        } catch (const Error& error) {
            CHECK_MESSAGE(contains(error.what(), part), std::string(error.what()));
        }
    };
    says([&] { layer.forward(zeros({5, 4, 2})); }, "expected [T, B, 3]");
    says([&] { layer.forward(zeros({5, 4, 3}), {zeros({2, 4, 2}), {}}); }, "expected [1, 4, 2]");
    says([&] { layer.forward(zeros({0, 4, 3})); }, "the sequence is empty");
    says([&] { nn::gru_cell(zeros({4, 3}), zeros({4, 2}), layer.weights[0]); }, "expected [6, 3]");
    says([&] { nn::LSTM(3, 0); }, "at least one feature");
}
