// Losses and softmax: values and gradients against PyTorch's, gradients of both orders against
// finite differences, extreme inputs.
#include "nn/loss.h"

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;
using nn::Reduction;

namespace {

Tensor classes() {
    const std::vector<std::int64_t> values{2, 0, 1, 2};
    return from_span(std::span(values), {4});
}

// Value and gradient at x, then both orders by finite differences.
void check_loss(const std::function<Tensor(const Tensor&)>& f, const std::vector<double>& value,
                const std::vector<double>& gradient) {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    const Tensor y = f(x);
    CHECK(distance(y, value) < 1e-14);
    backward(y.rank() ? sum(y * spread(y.shape(), 0.9)) : y);
    CHECK(distance(x.grad(), gradient) < 1e-14);
    const TensorFunction g = [&](const std::vector<Tensor>& inputs) { return f(inputs[0]); };
    CHECK_NOTHROW(gradcheck(g, {x}));
    CHECK_NOTHROW(gradgradcheck(g, {x}));
}

}  // namespace

TEST_CASE("losses equal PyTorch's in value and gradient") {
    const Tensor y = f64s(golden::y, {4, 3});
    check_loss([&](const Tensor& x) { return nn::mse_loss(x, y); }, golden::mse, golden::mse_grad);
    check_loss([&](const Tensor& x) { return nn::mse_loss(x, y, Reduction::sum); }, golden::mse_sum,
               golden::mse_sum_grad);
    check_loss([&](const Tensor& x) { return nn::l1_loss(x, y); }, golden::l1, golden::l1_grad);
    check_loss([&](const Tensor& x) { return nn::huber_loss(x, y, 0.7); }, golden::huber,
               golden::huber_grad);
    check_loss([&](const Tensor& x) { return nn::binary_cross_entropy_with_logits(x, sigmoid(y)); },
               golden::bce, golden::bce_grad);
    check_loss([](const Tensor& x) { return nn::cross_entropy(x, classes()); },
               golden::cross_entropy, golden::cross_entropy_grad);
    check_loss(
        [](const Tensor& x) { return nn::cross_entropy(x, classes(), {.label_smoothing = 0.1}); },
        golden::cross_entropy_smooth, golden::cross_entropy_smooth_grad);
    const nn::CrossEntropyOptions rows{.label_smoothing = 0.25, .reduction = Reduction::none};
    check_loss([&](const Tensor& x) { return nn::cross_entropy(x, classes(), rows); },
               golden::cross_entropy_rows, golden::cross_entropy_rows_grad);
    check_loss([](const Tensor& x) { return log_softmax(x, 1); }, golden::log_softmax,
               golden::log_softmax_grad);
    check_loss([](const Tensor& x) { return softmax(x, 0); }, golden::softmax,
               golden::softmax_grad);
    const Tensor log_var_p = -f64s(golden::x, {4, 3});
    check_loss([&](const Tensor& x) { return nn::kl_normal(x, y, square(y), log_var_p); },
               golden::kl, golden::kl_grad);
}

#define CHECK_LOSS(name, expression) \
    check_loss([&](const Tensor& x) { return expression; }, golden::name, golden::name##_grad)
#define CHECK_REDUCTIONS(name, call)                                                     \
    {                                                                                    \
        const auto reduced = [&](const Tensor& x, Reduction reduction) { return call; }; \
        CHECK_LOSS(name, reduced(x, Reduction::mean));                                   \
        CHECK_LOSS(name##_sum, reduced(x, Reduction::sum));                              \
        CHECK_LOSS(name##_rows, reduced(x, Reduction::none));                            \
    }

TEST_CASE(
    "class losses equal PyTorch's with weights, ignored targets, smoothing and pixels, in every "
    "reduction") {
    const Tensor weight = f64s({0.5, 2, 1.25}, {3});
    const std::vector<std::int64_t> some_values{2, -100, 1, 2}, place_values{2, -100, 1, 0};
    const Tensor some = from_span(std::span(some_values), {4}),
                 places = from_span(std::span(place_values), {2, 2});
    CHECK_REDUCTIONS(
        nll_weighted,
        nn::nll_loss(x, some, {.weight = weight, .ignore_index = -100, .reduction = reduction}));
    CHECK_REDUCTIONS(cross_entropy_weighted,
                     nn::cross_entropy(x, some, {weight, -100, 0.2, reduction}));
    CHECK_REDUCTIONS(cross_entropy_ignored,
                     nn::cross_entropy(x, classes(), {{}, 2, 0.2, reduction}));
    CHECK_REDUCTIONS(cross_entropy_places, nn::cross_entropy(reshape(x, {2, 3, 2}), places,
                                                             {weight, -100, 0.1, reduction}));
}

TEST_CASE("losses of generative models equal PyTorch's in every reduction") {
    const Tensor y = f64s(golden::y, {4, 3}), data = f64s(golden::x, {4, 3});
    CHECK_REDUCTIONS(smooth_l1, nn::smooth_l1_loss(x, y, 0.6, reduction));
    CHECK_REDUCTIONS(kl_div, nn::kl_div(x, relu(y), {.reduction = reduction}));
    CHECK_REDUCTIONS(kl_div_log, nn::kl_div(y, x, {.log_target = true, .reduction = reduction}));
    CHECK_LOSS(smooth_l1_zero, nn::smooth_l1_loss(x, y, 0));
    CHECK_LOSS(hinge, nn::hinge_loss(x, sign(y)));
    CHECK_LOSS(cosine, nn::cosine_similarity(x, y));
    CHECK_LOSS(cosine_rows, nn::cosine_similarity(x, narrow(y, 0, 0, 1), 0));
    CHECK_LOSS(gaussian_nll_shared, nn::gaussian_nll_loss(y, data, narrow(square(x), 1, 0, 1)));
    // A variance below the bound has PyTorch's gradient, which is not the derivative of the value,
    // so that it is compared with PyTorch and not with finite differences.
    for (const auto& [reduction, value, gradient] :
         {std::tuple{Reduction::mean, &golden::gaussian_nll, &golden::gaussian_nll_grad},
          std::tuple{Reduction::sum, &golden::gaussian_nll_sum, &golden::gaussian_nll_sum_grad},
          std::tuple{Reduction::none, &golden::gaussian_nll_rows,
                     &golden::gaussian_nll_rows_grad}}) {
        const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
        const Tensor loss = nn::gaussian_nll_loss(
            x, y, square(x) + 0.1, {.full = true, .epsilon = 0.2, .reduction = reduction});
        CHECK(distance(loss, *value) < 1e-14);
        backward(loss.rank() ? sum(loss * spread({4, 3}, 0.9)) : loss);
        CHECK(distance(x.grad(), *gradient) < 1e-13);
    }
}

TEST_CASE("losses are right at the edges of their arguments") {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_(), zero = zeros({4, 3}, {.dtype = f64});
    CHECK(distance(nn::cosine_similarity(zero, x), {0, 0, 0, 0}) == 0);
    const Tensor nowhere = zeros({1, 3}, {.dtype = f64}).requires_grad_();  // PyTorch's gradients
    const Tensor cosine = nn::cosine_similarity(nowhere, f64s({1, 2, 2}, {1, 3}));
    CHECK(distance(grad(sum(cosine), {nowhere})[0] * 3e-8, {1, 2, 2}) < 1e-14);
    CHECK(distance(grad(sum(nn::cosine_similarity(nowhere, detach(nowhere))), {nowhere})[0],
                   {0, 0, 0}) == 0);
    CHECK(nn::kl_div(x, zero, {.reduction = Reduction::sum}).item() == 0);
    backward(nn::kl_div(detach(x), exp(x) * 0.0 + zero));  // p = 0: a finite gradient
    for (const double g : x.grad().to_vector()) CHECK(std::isfinite(g));
    CHECK(nn::kl_div(zero - INFINITY, zero, {.reduction = Reduction::sum}).item() == 0);
    // an infinite loss that does not count
    const Tensor impossible = f64s({-INFINITY, 0, 0, -1}, {2, 2}).requires_grad_();
    const std::vector<std::int64_t> second{-1, 1};
    const Tensor counted = nn::nll_loss(impossible, from_span(std::span(second), {2}),
                                        {.weight = f64s({3, 2}, {2}), .ignore_index = -1});
    CHECK(counted.item() == 1);
    backward(counted);
    CHECK(impossible.grad().to_vector() == std::vector<double>{0, 0, 0, -1});
    const std::vector<std::int64_t> ignored{1, 1, 1, 1};
    const Tensor none = from_span(std::span(ignored), {4});
    CHECK(std::isnan(nn::nll_loss(x, none, {.ignore_index = 1}).item()));  // the mean of nothing
    CHECK(nn::cross_entropy(x, none, {.ignore_index = 1, .reduction = Reduction::sum}).item() == 0);
    CHECK(
        nn::cross_entropy(zeros({0, 3}), zeros({0}, {.dtype = i64}), {.reduction = Reduction::none})
            .shape() == Shape{0});
}

TEST_CASE("nll_loss picks the log-probability of the target and negates it") {
    const Tensor x = f64s(golden::x, {4, 3}).requires_grad_();
    const Tensor loss = nn::nll_loss(x, classes());
    CHECK(distance(loss, golden::nll) < 1e-15);
    backward(loss);
    CHECK(distance(x.grad(), golden::nll_grad) < 1e-15);
}

TEST_CASE("kl_normal is zero for equal normals and the standard form for p = N(0, 1)") {
    const Tensor mu = f64s({-1, 0, 2}, {3}), log_var = f64s({-3, 0.1, 1}, {3});
    CHECK(distance(nn::kl_normal(mu, log_var, mu, log_var), {0, 0, 0}) == 0);
    const Tensor zero = zeros({}, {.dtype = f64});
    CHECK(distance(nn::kl_normal(mu, log_var, zero, zero),
                   kl_standard_normal(mu, log_var).to_vector()) < 1e-15);
    const TensorFunction kl = [](const std::vector<Tensor>& in) {
        return nn::kl_normal(in[0], in[1], in[2], in[3]);
    };
    const std::vector<Tensor> all{
        f64s({-1, 0, 2}, {3}).requires_grad_(), f64s({-3, 0.1, 1}, {3}).requires_grad_(),
        f64s({0.5, 1, -1}, {3}).requires_grad_(), f64s({0.7}, {1}).requires_grad_()};
    CHECK_NOTHROW(gradcheck(kl, all));
    CHECK_NOTHROW(gradgradcheck(kl, all));
}

TEST_CASE("softmax is finite and right at extreme inputs") {
    const Tensor x = tensor({1e4, 1e4 + 1, -1e30, 1e30, 1e30, -INFINITY}, {2, 3});
    const double e = std::exp(1.0);
    CHECK(distance(softmax(x), {1 / (1 + e), e / (1 + e), 0, 0.5, 0.5, 0}) < 1e-6);
    CHECK(distance(slice(log_softmax(x), 1, 0, 2),
                   {-std::log(1 + e), 1 - std::log(1 + e), std::log(0.5), std::log(0.5)}) < 1e-6);
    CHECK(log_softmax(x).to_vector()[5] == -INFINITY);
    for (double v : softmax(tensor({-INFINITY, -INFINITY})).to_vector()) CHECK(std::isnan(v));
    for (double v : softmax(tensor({NAN, 1})).to_vector()) CHECK(std::isnan(v));

    const Tensor logits = tensor({1e4, 0, -1e4, 1e4}, {4}).requires_grad_();
    const Tensor loss =
        nn::binary_cross_entropy_with_logits(logits, tensor({1, 0.5, 0, 0}), Reduction::none);
    CHECK(distance(loss, {0, std::log(2), 0, 1e4}) < 1e-6);
    backward(sum(loss));
    CHECK(distance(logits.grad(), {0, 0, 0, 1}) == 0);
}

TEST_CASE("losses throw on shapes, dtypes and options that do not fit") {
    const Tensor x = f64s(golden::x, {4, 3});
    CHECK(contains(error_of([&] {
                       nn::mse_loss(x, zeros({4, 1}));
                   }),
                   "mse_loss: input and target differ in shape; got [4, 3] and [4, 1]"));
    CHECK(contains(error_of([&] { nn::l1_loss(x, Tensor()); }), "undefined"));
    CHECK(contains(error_of([&] { nn::huber_loss(x, x, 0); }), "delta"));
    CHECK(contains(error_of([&] {
                       nn::cross_entropy(x, tensor({2, 0, 1, 2}));
                   }),
                   "hint: to(target, i64)"));
    CHECK(contains(error_of([&] { nn::cross_entropy(x, classes(), {.label_smoothing = 1.5}); }),
                   "label smoothing"));
    CHECK(contains(error_of([&] { nn::nll_loss(select(x, 0, 0), classes()); }), "[B, C, ..]"));
    const std::vector<std::int64_t> outside{0, 1, 2, 3};
    CHECK(contains(error_of([&] { nn::cross_entropy(x, from_span(std::span(outside), {4})); }),
                   "out of range"));
    const std::vector<std::int64_t> negative{0, -100, 1, 1};
    // not ignored unless asked
    CHECK(contains(error_of([&] { nn::nll_loss(x, from_span(std::span(negative), {4})); }),
                   "out of range"));
    CHECK(contains(error_of([&] { nn::nll_loss(x, classes(), {.weight = ones({4})}); }),
                   "one number for each class; got f32 [4]; expected [3]"));
    CHECK(contains(error_of([&] {
                       nn::cross_entropy(x, zeros({4, 1}, {.dtype = i64}));
                   }),
                   "expected i64 [4]"));
    CHECK(contains(error_of([&] { nn::smooth_l1_loss(x, x, -1); }), "beta"));
    CHECK(contains(error_of([&] { nn::hinge_loss(x, zeros({4})); }),
                   "hinge_loss: input and target differ in shape"));
    CHECK(contains(error_of([&] { nn::gaussian_nll_loss(x, x, zeros({3})); }),
                   "variance does not fit; got f32 [3]; expected [4, 3]"));
    CHECK(contains(error_of([&] { nn::gaussian_nll_loss(x, x, x, {.epsilon = 0}); }), "epsilon"));
    CHECK(contains(error_of([&] { nn::kl_div(x, zeros({3})); }), "kl_div"));
    CHECK(contains(error_of([&] {
                       nn::cosine_similarity(x, zeros({4, 2}));
                   }),
                   "cosine_similarity"));
    CHECK(contains(error_of([&] { nn::cosine_similarity(x, x, 2); }), "cosine_similarity"));
    CHECK(contains(error_of([&] { nn::cosine_similarity(x, x, 1, 0); }), "epsilon"));
    CHECK(contains(error_of([&] { softmax(x, 2); }), "softmax"));
    CHECK(contains(error_of([&] { log_softmax(Tensor(1.0)); }), "rank at least 1"));
    CHECK(std::isnan(nn::mse_loss(zeros({0}), zeros({0})).item()));
    // The errors of a loss begin with its name, not with that of an op it is made of.
    for (const std::int64_t wrong : {-1, 3}) {
        const Tensor target = full({4}, static_cast<double>(wrong), {.dtype = i64});
        CHECK(contains(error_of([&] { nn::nll_loss(x, target); }), "nll_loss: index out of range"));
        CHECK(contains(error_of([&] { nn::cross_entropy(x, target, {.weight = ones({3})}); }),
                       "cross_entropy: index out of range"));
    }
}
