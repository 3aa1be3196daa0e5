// Weights computed from others: names, values and derivatives of spectral and weight norm against
// PyTorch's, and the promises of the mechanism.
#include "nn/parametrization.h"

#include "autograd/checkpoint.h"
#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "nn/layers/activation.h"
#include "nn/layers/conv.h"
#include "nn/layers/linear.h"
#include "nn/optim/ema.h"
#include "nn/optim/optimizer.h"
#include "nn/sequential.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

std::vector<double> joined(const std::vector<Tensor>& tensors) {
    std::vector<double> out;
    for (const Tensor& x : tensors)
        for (const double v : x.to_vector()) out.push_back(v);
    return out;
}

struct Expected {
    const std::vector<double>&value, &gradients, &buffers, &evaluated;
    const std::vector<std::string>& names;
};

// What make_nn_golden.py's normed() does.
template <class Layer>
void check_normed(Layer& layer, const Shape& shape, const std::function<void(nn::Module&)>& wrap,
                  const Expected& expected) {
    NoGrad writing;
    layer.weight.copy_(spread(layer.weight.shape(), 0.2));
    layer.bias.copy_(spread(layer.bias.shape(), 0.5));
    wrap(layer);
    CHECK(names_of(layer.state_dict()) == expected.names);
    for (auto& [name, x] : layer.state_dict()) {
        if (name.ends_with("0._u") || name.ends_with("0._v"))
            x.copy_(spread(x.shape(), 0.4) / norm(spread(x.shape(), 0.4)));
        if (name.ends_with("original0")) x.copy_(spread(x.shape(), 0.7) + 2);
    }

    GradMode recording(true);
    const Tensor x = spread(shape, 1.1).requires_grad_();
    layer(x);
    const Tensor y = layer(x);
    const Tensor penalty = grad(sum(tanh(y)), {x}, {.create_graph = true})[0];
    backward(sum(y * spread(y.shape(), 0.9)) + sum(square(penalty)));
    CHECK(distance(y, expected.value) < 1e-13);
    std::vector<Tensor> gradients, buffers;
    for (const Tensor& p : layer.parameters()) gradients.push_back(p.grad());
    for (const auto& [name, b] : layer.named_buffers()) buffers.push_back(b);
    CHECK(distance(joined(gradients), expected.gradients) < 1e-12);
    CHECK(distance(joined(buffers), expected.buffers) < 1e-14);
    layer.eval();
    CHECK(distance(layer(x), expected.evaluated) < 1e-13);
    CHECK(distance(joined(buffers), expected.buffers) < 1e-14);  // evaluation moves no buffer

    std::vector<Tensor> inputs{x};
    for (const Tensor& p : layer.parameters()) inputs.push_back(p);
    const TensorFunction f = [&](const std::vector<Tensor>& in) { return tanh(layer(in[0])); };
    CHECK_NOTHROW(gradcheck(f, inputs));
    CHECK_NOTHROW(gradgradcheck(f, inputs));
}

#define EXPECTED(name)                                                                   \
    {                                                                                    \
        golden::name, golden::name##_grads, golden::name##_buffers, golden::name##_eval, \
            golden::name##_names                                                         \
    }

// The spectral norm of w [out, in], by squaring w w^T until one value is left.
double largest_singular_value(const Tensor& w) {
    Tensor a = matmul(w, transpose(w));
    double log_scale = 0;
    for (int i = 0; i < 40; ++i) {
        const double size = norm(a).item();
        log_scale = 2 * log_scale + 2 * std::log(size);
        a = matmul(a / size, a / size);
    }
    return std::exp((log_scale + std::log(norm(a).item())) / std::pow(2.0, 41));
}

}  // namespace

TEST_CASE(
    "spectral norm equals PyTorch's in names, values, buffers and the gradients of a gradient "
    "penalty") {
    nn::Linear linear(4, 3, {.dtype = f64});
    check_normed(
        linear, {2, 4}, [](nn::Module& m) { nn::spectral_norm(m); }, EXPECTED(spectral_linear));
    nn::Conv2d conv(2, 3, 3, {.dtype = f64});
    check_normed(
        conv, {2, 2, 4, 4}, [](nn::Module& m) { nn::spectral_norm(m, {.iterations = 3}); },
        EXPECTED(spectral_conv));
    nn::ConvTranspose2d transposed(2, 3, 4, {.stride = 2, .padding = 1, .dtype = f64});
    check_normed(
        transposed, {2, 2, 3, 3}, [](nn::Module& m) { nn::spectral_norm(m); },
        EXPECTED(spectral_transposed));
}

TEST_CASE("weight norm equals PyTorch's in names, values and the gradients of a gradient penalty") {
    nn::Linear linear(4, 3, {.dtype = f64});
    check_normed(
        linear, {2, 4}, [](nn::Module& m) { nn::weight_norm(m); }, EXPECTED(weight_linear));
    nn::Conv2d conv(2, 3, 3, {.dtype = f64});
    check_normed(
        conv, {2, 2, 4, 4}, [](nn::Module& m) { nn::weight_norm(m, {.dim = 0}); },
        EXPECTED(weight_conv));
    nn::ConvTranspose2d transposed(2, 3, 4, {.stride = 2, .padding = 1, .dtype = f64});
    check_normed(
        transposed, {2, 2, 3, 3}, [](nn::Module& m) { nn::weight_norm(m); },
        EXPECTED(weight_transposed));
}

TEST_CASE(
    "a spectrally normed layer has Lipschitz constant 1; weight norm starts from the layer "
    "itself") {
    Generator generator(3);
    nn::Linear normed(6, 6, {.bias = false, .dtype = f64, .generator = &generator});
    const double sigma = largest_singular_value(detach(normed.weight));
    nn::spectral_norm(normed, {.generator = &generator});
    const Tensor x = eye(6, {.dtype = f64});
    for (int i = 0; i < 300; ++i) normed(x);
    CHECK(distance(normed(x), (transpose(normed.weight) / sigma).to_vector()) < 1e-6);

    nn::Linear layer(6, 4, {.dtype = f64, .generator = &generator});
    const Tensor before = layer(x);
    nn::weight_norm(layer);
    CHECK(distance(layer(x), before.to_vector()) < 1e-15);
    CHECK(layer.parameter_count() == 24 + 4 + 4);
}

TEST_CASE(
    "a second forward before backward leaves the first graph right, and so does a checkpoint") {
    Generator generator(4);
    nn::Linear a(3, 3, {.dtype = f64, .generator = &generator}), b(3, 3, {.dtype = f64});
    for (nn::Linear* layer : {&a, &b}) nn::spectral_norm(*layer, {.generator = &generator});
    b.load_state_dict(a.state_dict());
    const Tensor x = spread({2, 3}, 0.4).requires_grad_(), z = spread({2, 3}, 1.4);
    // loss = D(x) - D(z), once with two forwards in one graph, once one after the other
    const Tensor of_x = sum(square(a(x))), of_z = sum(square(a(z)));
    backward(of_x - of_z);
    backward(sum(square(b(x))));
    backward(-sum(square(b(z))));
    CHECK(distance(a.weight.grad(), b.weight.grad().to_vector()) < 1e-14);
    CHECK(joined({a.named_buffers()[0].second}) == joined({b.named_buffers()[0].second}));

    b.load_state_dict(a.state_dict());
    a.zero_grad();
    b.zero_grad();
    backward(sum(square(a(x))));
    backward(sum(square(checkpoint([&](const std::vector<Tensor>& in) { return b(in[0]); }, {x}))));
    CHECK(same_bits(a.weight.grad(), b.weight.grad()));
    CHECK(joined({a.named_buffers()[1].second}) == joined({b.named_buffers()[1].second}));
}

TEST_CASE(
    "a rule keeps the handles, and moves and modes reach it, while averages leave its buffers "
    "alone") {
    Generator generator(5);
    nn::Sequential net;
    net.add(nn::spectral_norm(std::make_unique<nn::Linear>(2, 3), {.generator = &generator}))
        .add<nn::ReLU>();
    net.add(nn::weight_norm(std::make_unique<nn::Linear>(3, 1)));
    CHECK(names_of(net.named_parameters()) ==
          std::vector<std::string>{"0.bias", "0.parametrizations.weight.original", "2.bias",
                                   "2.parametrizations.weight.original0",
                                   "2.parametrizations.weight.original1"});
    CHECK(net.named_buffers().size() == 2);
    nn::EMA average(net, 0.9);
    CHECK(average.shadow().size() == 5);
    net.to(f64);
    CHECK(net.named_buffers()[0].second.dtype() == f64);
    const Tensor x = spread({4, 2}, 0.1);
    nn::SGD sgd(net.parameters(), {.lr = 0.1});
    const Tensor before = net.parameters()[1];
    const auto values = before.to_vector();
    backward(sum(square(net(x) - 1.0)));
    sgd.step();
    CHECK(before.to_vector() != values);

    net.eval();
    const auto u = net.named_buffers()[0].second.to_vector();
    CHECK(same_bits(net(x), net(x)));
    CHECK(net.named_buffers()[0].second.to_vector() == u);
    net.train();
    net(x);
    CHECK(net.named_buffers()[0].second.to_vector() != u);

    nn::Linear frozen(2, 2);  // frozen before: frozen after, and in evaluation still
    frozen.requires_grad_(false);
    frozen.eval();
    nn::spectral_norm(frozen);
    CHECK(!frozen(zeros({1, 2})).requires_grad());
    const auto still = frozen.named_buffers()[0].second.to_vector();
    frozen(zeros({1, 2}));
    CHECK(frozen.named_buffers()[0].second.to_vector() == still);
}

TEST_CASE("a layer takes a rule of one's own") {
    struct Symmetric final : nn::Parametrization {
        Tensor& original;
        explicit Symmetric(Tensor& weight) : original(weight) { add_parameter("original", weight); }
        Tensor value() override { return (original + transpose(original)) * 0.5; }
    };
    nn::Linear layer(3, 3, {.bias = false, .dtype = f64});
    layer.parametrize("weight",
                      [](Tensor& w, std::int64_t) { return std::make_unique<Symmetric>(w); });
    const Tensor w = layer(eye(3, {.dtype = f64}));
    CHECK(same_bits(w, transpose(w)));
    CHECK(layer.state_dict()[0].first == "parametrizations.weight.original");
}

TEST_CASE("parametrisations throw on weights and options that do not fit") {
    nn::Linear layer(2, 3);
    nn::ReLU none;
    CHECK(contains(error_of([&] { nn::spectral_norm(none); }),
                   "parametrize: this layer has no weight of that name; got \"weight\""));
    CHECK(contains(error_of([&] { nn::spectral_norm(layer, {.iterations = 0}); }),
                   "spectral_norm: needs at least one iteration"));
    CHECK(contains(error_of([&] { nn::spectral_norm(layer, {.epsilon = NAN}); }),
                   "epsilon must be positive"));
    CHECK(contains(error_of([&] { nn::spectral_norm(layer, {.dim = 2}); }),
                   "spectral_norm: no such dimension; got dim 2 of f32 [3, 2]"));
    CHECK(contains(error_of([&] { nn::weight_norm(layer, {.dim = -3}); }),
                   "weight_norm: no such dimension"));
    CHECK(contains(error_of([&] { nn::weight_norm(std::unique_ptr<nn::Linear>()); }),
                   "the layer is null"));
    CHECK(contains(error_of([&] { layer.parametrize("bias", {}); }), "no weight of that name"));
    CHECK(contains(error_of([&] {
                       layer.parametrize("weight", [](Tensor&, std::int64_t) { return nullptr; });
                   }),
                   "the rule is null"));
    CHECK(layer.state_dict()[0].first == "weight");  // nothing has changed so far
    nn::weight_norm(layer, {.dim = -1});
    CHECK(layer.state_dict()[1].second.shape() == Shape{1, 2});
    CHECK(contains(error_of([&] { nn::spectral_norm(layer); }), "computes the weight already"));
}
