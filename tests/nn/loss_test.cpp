// Losses and softmax: values and gradients against PyTorch's, gradients of both orders against finite differences, extreme inputs.
#include "nn/loss.h"

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;
using nn::Reduction;

namespace {

std::vector<double> weights(std::size_t count) {
    std::vector<double> out;
    for (std::size_t i = 0; i < count; ++i) out.push_back(1.5 * std::sin(static_cast<double>(i) * 1.7 + 0.9));
    return out;
}

Tensor classes() {
    const std::vector<std::int64_t> values{2, 0, 1, 2};
    return from_span(std::span(values), {4});
}

// Value and gradient at x, then both orders by finite differences.
void check_loss(const std::function<Tensor(const Tensor&)>& f, const std::vector<double>& value, const std::vector<double>& gradient) {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    const Tensor y = f(x);
    CHECK(distance(y, value) < 1e-14);
    backward(y.rank() ? sum(y * f64s(weights(static_cast<std::size_t>(y.numel())), y.shape())) : y);
    CHECK(distance(x.grad(), gradient) < 1e-14);
    const TensorFunction g = [&](const std::vector<Tensor>& inputs) { return f(inputs[0]); };
    CHECK_NOTHROW(gradcheck(g, {x}));
    CHECK_NOTHROW(gradgradcheck(g, {x}));
}

}  // namespace

TEST_CASE("losses equal PyTorch's in value and gradient") {
    const Tensor y = f64s(golden::y, {4, 3});
    check_loss([&](const Tensor& x) { return nn::mse_loss(x, y); }, golden::mse, golden::mse_grad);
    check_loss([&](const Tensor& x) { return nn::mse_loss(x, y, Reduction::sum); }, golden::mse_sum, golden::mse_sum_grad);
    check_loss([&](const Tensor& x) { return nn::l1_loss(x, y); }, golden::l1, golden::l1_grad);
    check_loss([&](const Tensor& x) { return nn::huber_loss(x, y, 0.7); }, golden::huber, golden::huber_grad);
    check_loss([&](const Tensor& x) { return nn::bce_with_logits_loss(x, sigmoid(y)); }, golden::bce, golden::bce_grad);
    check_loss([](const Tensor& x) { return nn::cross_entropy_loss(x, classes()); }, golden::cross_entropy, golden::cross_entropy_grad);
    check_loss([](const Tensor& x) { return nn::cross_entropy_loss(x, classes(), 0.1); }, golden::cross_entropy_smooth,
               golden::cross_entropy_smooth_grad);
    check_loss([](const Tensor& x) { return nn::cross_entropy_loss(x, classes(), 0.25, Reduction::none); }, golden::cross_entropy_rows,
               golden::cross_entropy_rows_grad);
    check_loss([](const Tensor& x) { return log_softmax(x, 1); }, golden::log_softmax, golden::log_softmax_grad);
    check_loss([](const Tensor& x) { return softmax(x, 0); }, golden::softmax, golden::softmax_grad);
    const Tensor log_var_p = -f64s(golden::x, {4, 3});
    check_loss([&](const Tensor& x) { return nn::kl_normal(x, y, square(y), log_var_p); }, golden::kl, golden::kl_grad);
}

TEST_CASE("nll_loss picks and negates") {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    const Tensor loss = nn::nll_loss(x, classes());
    CHECK(distance(loss, golden::nll) < 1e-15);
    backward(loss);
    CHECK(distance(x.grad(), golden::nll_grad) < 1e-15);
}

TEST_CASE("kl_normal: zero for equal normals, the standard form for p = N(0, 1)") {
    const Tensor mu = f64s({-1, 0, 2}, {3}), log_var = f64s({-3, 0.1, 1}, {3});
    CHECK(distance(nn::kl_normal(mu, log_var, mu, log_var), {0, 0, 0}) == 0);
    const Tensor zero = zeros({}, {.dtype = f64});
    CHECK(distance(nn::kl_normal(mu, log_var, zero, zero), kl_standard_normal(mu, log_var).to_vector()) < 1e-15);
    const TensorFunction kl = [](const std::vector<Tensor>& in) { return nn::kl_normal(in[0], in[1], in[2], in[3]); };
    const std::vector<Tensor> all{f64s({-1, 0, 2}, {3}).requires_grad_(), f64s({-3, 0.1, 1}, {3}).requires_grad_(),
                                  f64s({0.5, 1, -1}, {3}).requires_grad_(), f64s({0.7}, {1}).requires_grad_()};
    CHECK_NOTHROW(gradcheck(kl, all));
    CHECK_NOTHROW(gradgradcheck(kl, all));
}

TEST_CASE("softmax at extremes") {
    const Tensor x = tensor({1e4, 1e4 + 1, -1e30, 1e30, 1e30, -INFINITY}, {2, 3});
    const double e = std::exp(1.0);
    CHECK(distance(softmax(x), {1 / (1 + e), e / (1 + e), 0, 0.5, 0.5, 0}) < 1e-6);
    CHECK(distance(slice(log_softmax(x), 1, 0, 2), {-std::log(1 + e), 1 - std::log(1 + e), std::log(0.5), std::log(0.5)}) < 1e-6);
    CHECK(log_softmax(x).to_vector()[5] == -INFINITY);
    for (double v : softmax(tensor({-INFINITY, -INFINITY})).to_vector()) CHECK(std::isnan(v));
    for (double v : softmax(tensor({NAN, 1})).to_vector()) CHECK(std::isnan(v));

    const Tensor logits = tensor({1e4, 0, -1e4, 1e4}, {4}).requires_grad_();
    const Tensor loss = nn::bce_with_logits_loss(logits, tensor({1, 0.5, 0, 0}), Reduction::none);
    CHECK(distance(loss, {0, std::log(2), 0, 1e4}) < 1e-6);
    backward(sum(loss));
    CHECK(distance(logits.grad(), {0, 0, 0, 1}) == 0);
}

TEST_CASE("what losses refuse") {
    const Tensor x = f64s(golden::x, {4, 3});
    CHECK(contains(error_of([&] { nn::mse_loss(x, zeros({4, 1})); }), "mse_loss: input and target differ in shape; got [4, 3] and [4, 1]"));
    CHECK(contains(error_of([&] { nn::l1_loss(x, Tensor()); }), "undefined"));
    CHECK(contains(error_of([&] { nn::huber_loss(x, x, 0); }), "delta"));
    CHECK(contains(error_of([&] { nn::cross_entropy_loss(x, tensor({2, 0, 1, 2})); }), "hint: to(target, i64)"));
    CHECK(contains(error_of([&] { nn::cross_entropy_loss(x, classes(), 1.5); }), "label smoothing"));
    CHECK(contains(error_of([&] { nn::nll_loss(select(x, 0, 0), classes()); }), "[B, C]"));
    const std::vector<std::int64_t> outside{0, 1, 2, 3};
    CHECK(contains(error_of([&] { nn::cross_entropy_loss(x, from_span(std::span(outside), {4})); }), "out of range"));
    CHECK(contains(error_of([&] { softmax(x, 2); }), "softmax"));
    CHECK(contains(error_of([&] { log_softmax(Tensor(1.0)); }), "rank at least 1"));
    CHECK(std::isnan(nn::mse_loss(zeros({0}), zeros({0})).item()));
}
