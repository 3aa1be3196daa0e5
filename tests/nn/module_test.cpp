// Modules: names, state dicts, moves, and each layer's own promise.
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "nn/module.h"

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"
#include "nn/sequential.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

// The module whose names make_nn_golden.py asks PyTorch for.
struct Net : nn::Module {
    Generator generator;
    Tensor scale = zeros({2}), steps = zeros({});
    nn::Embedding embedding{5, 2, {.generator = &generator}};
    nn::Sequential body;
    explicit Net(std::uint64_t seed = 0) : generator(seed) {
        add_parameter("scale", scale);
        add("embedding", embedding);
        add_buffer("steps", steps);
        auto tail = std::make_unique<nn::Sequential>();
        tail->add<nn::Linear>(3, 2, {.bias = false, .generator = &generator});
        tail->add<nn::Flatten>().add<nn::Dropout>(0.1, generator);
        body.add<nn::Linear>(2, 3, {.generator = &generator}).add<nn::ReLU>().add(std::move(tail));
        add("body", body);
    }
    Tensor forward(const Tensor& index) override { return body(embedding(index)) * scale; }
};

std::vector<std::vector<double>> values_of(const nn::Module& module) {
    std::vector<std::vector<double>> out;
    for (const auto& [name, tensor] : module.state_dict()) out.push_back(tensor.to_vector());
    return out;
}

NamedTensors copies(const nn::Module& module) {
    NamedTensors out;
    for (const auto& [name, tensor] : module.state_dict()) out.emplace_back(name, clone(tensor));
    return out;
}

struct Tied : nn::Module {
    nn::Linear first{3, 3}, second{3, 3};
    Tied() {
        second.weight = first.weight;
        add("first", first);
        add("second", second);
    }
};

}  // namespace

TEST_CASE("names are PyTorch's, in PyTorch's order") {
    const Net net;
    CHECK(names_of(net.state_dict()) == golden::state_names);
    CHECK(net.parameters().size() == 5);
    CHECK(net.named_buffers().size() == 1);
    CHECK(net.parameter_count() == 2 + 10 + 9 + 6);
}

TEST_CASE("a state dict goes through memory and back, in any order") {
    const Net from(1);
    Net to(2);
    CHECK(values_of(from) != values_of(to));
    NamedTensors state = copies(from);
    std::reverse(state.begin(), state.end());
    to.load_state_dict(state);
    CHECK(values_of(from) == values_of(to));
    CHECK(to.scale.requires_grad());
    to.load_state_dict(to.state_dict());  // its own tensors
    CHECK(values_of(from) == values_of(to));
}

TEST_CASE("a state that does not fit changes nothing, and every fault is named") {
    Net net(1);
    const auto before = values_of(net);
    NamedTensors state = copies(Net(2));
    state[0].second = zeros({3});                // scale: shape
    state[2].second = to(state[2].second, f64);  // embedding.weight: dtype
    // unknown, and the right one missing
    state[3].first = "body.0.Weight";
    state.push_back(state[4]);  // body.0.bias twice
    const std::string error = error_of([&] { net.load_state_dict(state); });
    CHECK(contains(error, "load_state_dict: the state does not fit, and nothing was changed"));
    CHECK(contains(error, "missing body.0.weight"));
    CHECK(contains(error, "unknown body.0.Weight"));
    CHECK(contains(error, "given twice body.0.bias"));
    CHECK(contains(error, "scale (got f32 [3], expected f32 [2])"));
    CHECK(contains(error, "embedding.weight (got f64 [5, 2], expected f32 [5, 2])"));
    CHECK(values_of(net) == before);
    CHECK(contains(error_of([&] { net.load_state_dict({}); }),
                   "missing scale, steps, embedding.weight"));
    state = copies(net);
    state[0].second = Tensor();
    CHECK(contains(error_of([&] { net.load_state_dict(state); }), "an undefined tensor"));
}

TEST_CASE("long lists of faults are cut") {
    nn::Sequential net;
    for (int i = 0; i < 20; ++i) net.add<nn::Linear>(1, 1);
    CHECK(contains(error_of([&] { net.load_state_dict({}); }), "3.bias and 32 more"));
}

TEST_CASE("training mode, gradients and freezing reach every submodule") {
    Net net;
    auto& tail = net.body[2];
    CHECK(tail.is_training());
    net.eval();
    CHECK(!tail.is_training());
    net.train();
    CHECK(tail.is_training());

    const std::vector<std::int64_t> index{0, 4};
    const auto loss = [&] { return sum(square(net(from_span(std::span(index), {2})) + 1)); };
    backward(loss());
    CHECK(net.scale.grad().defined());
    net.zero_grad();
    for (const Tensor& p : net.parameters()) CHECK(!p.grad().defined());
    net.requires_grad_(false);
    CHECK(!loss().requires_grad());
    CHECK(net.parameters().size() == 5);
    net.requires_grad_(true);
    CHECK(loss().requires_grad());
}

TEST_CASE("tied weights are one parameter with two names") {
    const Tied tied;
    CHECK(tied.parameters().size() == 3);
    CHECK(tied.parameter_count() == 9 + 3 + 3);
    CHECK(tied.state_dict().size() == 4);
}

TEST_CASE("to() changes what the handles hold, not the handles") {
    Net net;
    const std::vector<Tensor> handles = net.parameters();
    const auto before = values_of(net);
    net.to(f64);
    CHECK(values_of(net) == before);
    CHECK(net.scale.dtype() == f64);
    CHECK(net.steps.dtype() == f64);
    for (std::size_t i = 0; i < handles.size(); ++i) CHECK(handles[i].same_as(net.parameters()[i]));
    const std::vector<std::int64_t> index{1};
    backward(sum(net(from_span(std::span(index), {1}))));
    CHECK(handles[0].grad().dtype() == f64);
    net.to(cpu);
    CHECK(handles[0].grad().defined());  // it was there already
    CHECK_THROWS_AS(net.to(i64), Error);
}

TEST_CASE("what a module refuses") {
    struct Open : nn::Module {
        using nn::Module::add, nn::Module::add_buffer, nn::Module::add_parameter;
    };
    Open module, other;
    Tensor x = zeros({2}), whole = zeros({2}, {.dtype = i64}), none,
           leaf = zeros({1}).requires_grad_();
    module.add_parameter("x", x);
    CHECK(x.requires_grad());
    CHECK(contains(error_of([&] { module.add_parameter("x", x); }), "taken"));
    CHECK(contains(error_of([&] { module.add("x", other); }), "taken"));
    CHECK(contains(error_of([&] { module.add_parameter("a.b", x); }), "dot"));
    CHECK(contains(error_of([&] { module.add_parameter("", x); }), "empty"));
    CHECK(contains(error_of([&] { module.add_parameter("y", whole); }), "f32 and f64"));
    CHECK(contains(error_of([&] { module.add_parameter("y", none); }), "undefined"));
    CHECK(contains(error_of([&] { module.add_buffer("y", leaf); }), "add_parameter"));
    module.add_buffer("whole", whole);
    module.add("other", other);
    CHECK(contains(error_of([&] { other.add("module", module); }), "cannot contain itself"));
    CHECK(contains(error_of([&] { module.add("self", module); }), "cannot contain itself"));
    CHECK(contains(error_of([&] { module(x); }), "no forward"));
    CHECK(contains(error_of([&] { nn::Linear layer(0, 3); }), "Linear"));
    CHECK(contains(error_of([&] {
                       nn::Linear layer(2, 3);
                       layer(zeros({4, 3}));
                   }),
                   "linear: features differ"));
}

TEST_CASE("Linear: PyTorch's shapes and range, y = x W^T + b, and gradients") {
    Generator generator(3);
    nn::Linear layer(100, 50, {.generator = &generator});
    CHECK(layer.weight.shape() == Shape{50, 100});
    CHECK(layer.bias.shape() == Shape{50});
    double largest = 0, squares = 0;
    for (double w : layer.weight.to_vector()) {
        largest = std::max(largest, std::abs(w));
        squares += w * w;
    }
    CHECK(largest <= 0.1f);
    CHECK(largest > 0.099);
    // the variance of U(-0.1, 0.1)
    CHECK(squares / 5000 == doctest::Approx(0.01 / 3).epsilon(0.05));

    nn::Linear small(3, 2, {.dtype = f64, .generator = &generator}), bare(3, 2, {.bias = false});
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    const auto W = small.weight.to_vector(), b = small.bias.to_vector(), y = small(x).to_vector();
    for (std::size_t i = 0; i < 4; ++i)
        for (std::size_t o = 0; o < 2; ++o) {
            double expected = b[o];
            for (std::size_t k = 0; k < 3; ++k) expected += golden::x[i * 3 + k] * W[o * 3 + k];
            CHECK(y[i * 2 + o] == doctest::Approx(expected).epsilon(1e-14));
        }
    CHECK_NOTHROW(gradcheck([&](const std::vector<Tensor>& in) { return small(in[0]); },
                            {x, small.weight, small.bias}));
    CHECK(bare.state_dict().size() == 1);

    Generator again(3);
    CHECK(same_bits(nn::Linear(100, 50, {.generator = &again}).weight, layer.weight));
}

TEST_CASE("Embedding picks rows, and equal indices add their gradients") {
    Generator generator(4);
    nn::Embedding embedding(1000, 8, {.dtype = f64, .generator = &generator});
    CHECK(mean(embedding.weight).item() == doctest::Approx(0).epsilon(0.05));
    CHECK(var(embedding.weight).item() == doctest::Approx(1).epsilon(0.05));
    const std::vector<std::int64_t> index{7, 0, 7, 999, 7, 1};
    const Tensor rows = embedding(from_span(std::span(index), {2, 3}));
    CHECK(rows.shape() == Shape{2, 3, 8});
    CHECK(rows.to_vector()[0] == embedding.weight.to_vector()[56]);
    backward(sum(rows));
    const auto gradient = embedding.weight.grad().to_vector();
    CHECK(gradient[56] == 3);
    CHECK(gradient[0] == 1);
    CHECK(gradient[16] == 0);
    const std::vector<std::int64_t> outside{1000};
    CHECK(
        contains(error_of([&] { embedding(from_span(std::span(outside), {1})); }), "out of range"));
    CHECK(contains(error_of([&] { embedding(zeros({2})); }), "must be i64"));
    CHECK(embedding(from_span(std::span(index).first(0), {0, 3})).shape() == Shape{0, 3, 8});
}

TEST_CASE(
    "Dropout keeps 1 - p, scales by 1 / (1 - p), masks the gradient alike, and is the identity in "
    "evaluation") {
    Generator generator(5);
    nn::Dropout dropout(0.3, generator);
    const Tensor x = ones({100, 1000}).requires_grad_();
    const Tensor y = dropout(x);
    std::int64_t kept = 0;
    for (double v : y.to_vector()) kept += v != 0;
    CHECK(sum(y).item() == doctest::Approx(static_cast<double>(kept) / 0.7));
    CHECK(max(y).item() == doctest::Approx(1 / 0.7));
    CHECK(std::abs(static_cast<double>(kept) / 1e5 - 0.7) < 5 * std::sqrt(0.21 / 1e5));
    backward(sum(y));
    CHECK(same_bits(x.grad(), y));
    CHECK(!same_bits(dropout(x), y));  // a new mask

    const std::uint64_t seed = generator.seed(), counter = generator.counter();
    const Tensor a = dropout(x);
    generator.set_state(seed, counter);
    CHECK(same_bits(dropout(x), a));

    dropout.eval();
    const std::uint64_t still = generator.counter();
    CHECK(dropout(x).same_as(x));
    CHECK(generator.counter() == still);
    nn::Dropout all(1, generator), none(0, generator);
    CHECK(sum(all(x)).item() == 0);
    CHECK(none(x).same_as(x));
    CHECK_THROWS_AS(nn::Dropout(1.5, generator), Error);
    CHECK_THROWS_AS(nn::Dropout(NAN, generator), Error);
    CHECK_THROWS_AS(none(zeros({2}, {.dtype = i64})), Error);
}

TEST_CASE("activation modules compute their op, with its attributes") {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    nn::SiLU act;
    CHECK(same_bits(act(x), silu(x)));
    nn::LeakyReLU a(0.2), b({.slope = 0.2}), fallback;
    CHECK(same_bits(a(x), leaky_relu(x, {.slope = 0.2})));
    CHECK(same_bits(b(x), a(x)));
    CHECK(same_bits(fallback(x), leaky_relu(x)));
    nn::Hardtanh clip(-0.5, 1);
    CHECK(same_bits(clip(x), hardtanh(x, {.lo = -0.5, .hi = 1})));
    CHECK(b.attributes().slope == 0.2);
    nn::GELU gelu_module;
    backward(sum(gelu_module(x)));
    CHECK(x.grad().defined());
    CHECK_THROWS_AS(act(Tensor()), Error);
}

TEST_CASE("Sequential: empty is the identity; layers can be reached and are checked") {
    nn::Sequential net;
    const Tensor x = zeros({2, 3, 4});
    CHECK(net(x).same_as(x));
    net.add<nn::Flatten>();
    CHECK(net(x).shape() == Shape{2, 12});
    CHECK(net.size() == 1);
    CHECK_THROWS_AS(net[1], Error);
    CHECK_THROWS_AS(net.add(nullptr), Error);
}
