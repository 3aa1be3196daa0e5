// A gradient of exactly 0 stays 0 through an infinite slope, and an infinite gradient does not pass
// a slope of exactly 0: the chain rule would say 0 * inf.
#include <limits>

#include "nn/loss.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
using Function = std::function<Tensor(const Tensor&)>;
using Numbers = std::vector<double>;

Tensor row(const Numbers& values, DType dtype = f64) {
    return tensor(values, {}, {.dtype = dtype});
}

// The derivatives of sum(f(x)) of first and second order, in this dtype. The second is that of the
// sum of the first, and 0 where nothing is left to differentiate.
std::pair<Numbers, Numbers> derivatives(const Function& f, const Numbers& at, DType dtype) {
    const Tensor x = row(at, dtype).requires_grad_();
    const Tensor first = grad(sum(f(x)), {x}, {.create_graph = true})[0];
    const Tensor second = grad(sum(first), {x}, {.allow_unused = true})[0];
    return {first.to_vector(), second.defined() ? second.to_vector() : Numbers(at.size(), 0.0)};
}

struct Branch {
    const char* name;
    Function f;
};

// Each lets 4 pass and gives a constant 0 for -1.
const std::vector<Branch>& branches() {
    static const std::vector<Branch> table = {
        {"where", [](const Tensor& x) { return where(x > 0.0, x, zeros_like(x)); }},
        {"relu", [](const Tensor& x) { return relu(x); }},
        {"clamp", [](const Tensor& x) { return clamp(x, {.lo = 0}); }},
        {"maximum", [](const Tensor& x) { return maximum(x, zeros_like(x)); }},
        {"minimum", [](const Tensor& x) { return -minimum(-x, zeros_like(x)); }},
        {"masked_fill", [](const Tensor& x) { return masked_fill(x, x <= 0.0, 0); }},
        {"threshold", [](const Tensor& x) { return threshold(x); }},
        {"relu6", [](const Tensor& x) { return relu6(x); }},
        {"hardtanh", [](const Tensor& x) { return hardtanh(x, {.lo = 0, .hi = 9}); }},
        {"hardswish", [](const Tensor& x) { return hardswish(4 * x) / 4; }},
        {"softshrink",
         [](const Tensor& x) { return relu(softshrink(x)) + 0.5 * to(x > 0.0, f64); }},
    };
    return table;
}

void check_same(const Numbers& got, const Numbers& expected, double tolerance,
                const std::string& what) {
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
        CHECK_MESSAGE(std::abs(got[i] - expected[i]) <= tolerance, what, " at ", i, ": ", got[i],
                      ", expected ", expected[i]);
}

}  // namespace

TEST_CASE("a branch that is not taken has gradient 0 before a pole, at two orders") {
    for (const Branch& branch : branches())
        for (const char* pole : {"sqrt", "pow", "cbrt", "log1p"}) {
            const auto f = [&](const Tensor& x) {
                const Tensor y = branch.f(x);
                if (std::string(pole) == "sqrt") return sqrt(y);
                if (std::string(pole) == "pow") return pow(y, 0.5);
                if (std::string(pole) == "cbrt") return pow(cbrt(y), 1.5);
                return sqrt(expm1(log1p(y)));
            };
            const auto [first, second] = derivatives(f, {-1, 4}, f64);
            const std::string what = std::string(pole) + " of " + branch.name;
            check_same(first, {0, 0.25}, 1e-12, what);
            check_same(second, {0, -0.03125}, 1e-12, what + ", second order");
        }
}

TEST_CASE("sqrt(where(x > 0, x, 0)) has gradient 0 at and below 0 in both dtypes") {
    for (DType dtype : {f32, f64}) {
        const auto f = [](const Tensor& x) { return sqrt(where(x > 0.0, x, zeros_like(x))); };
        const auto [first, second] = derivatives(f, {-1, 0, 4}, dtype);
        CHECK(first == Numbers{0, 0, 0.25});
        CHECK(second == Numbers{0, 0, -0.03125});
    }
}

TEST_CASE("masks of matrices and constant rows have finite gradients") {
    const Tensor x = row({1, 4, 9, 16});
    const Tensor square = reshape(x, {2, 2}).requires_grad_();
    CHECK(grad(sum(sqrt(tril(square))), {square})[0].to_vector() ==
          Numbers{0.5, 0, 1.0 / 6, 0.125});
    const Tensor constant = full({3}, 2.0, {.dtype = f64}).requires_grad_();
    CHECK(grad(stddev(constant), {constant})[0].to_vector() == Numbers{0, 0, 0});
}

TEST_CASE("a gradient of 0 stays 0, and one that is not meets the infinite slope") {
    const Tensor x = row({0, 0, -1}).requires_grad_(), g = row({0, 1, 0});
    const Tensor dx = grad(sum(g * sqrt(x)), {x}, {.create_graph = true})[0];
    CHECK(dx.to_vector() == Numbers{0, inf, 0});
    // The derivative by a gradient that is 0 is the slope itself.
    const Tensor weight = row({0, 0}).requires_grad_(), at = row({4, 9}).requires_grad_();
    const Tensor vjp = grad(sum(weight * sqrt(at)), {at}, {.create_graph = true})[0];
    check_same(grad(sum(vjp), {weight})[0].to_vector(), {0.25, 1.0 / 6}, 1e-15, "slope");
    // NaN where something flows.
    const Tensor below = row({-1}).requires_grad_();
    CHECK(std::isnan(grad(sum(sqrt(below)), {below})[0].item()));
}

TEST_CASE("mul_no_nan is 0 where a factor is 0, with the derivatives of a product") {
    CHECK(mul_no_nan(row({0, inf, 2, 0}), row({inf, 0, 3, -NAN})).to_vector() ==
          Numbers{0, 0, 6, 0});
    const Tensor a = row({0, 2}).requires_grad_(), b = row({inf, 3}).requires_grad_();
    const Tensor product = sum(mul_no_nan(a, b));
    CHECK(grad(product, {a}, {.retain_graph = true})[0].to_vector() == Numbers{inf, 3});
    CHECK(grad(product, {b})[0].to_vector() == Numbers{0, 2});
}

TEST_CASE("losses that leave out what is infinite have finite gradients") {
    const Tensor logits = reshape(row({1, 2, 3, 4, 5, 6}), {2, 3}).requires_grad_();
    const Tensor target = full({2}, -100, {.dtype = i64});
    const Tensor ignored = nn::cross_entropy(logits, target, {.ignore_index = -100});
    CHECK(std::isnan(ignored.item()));  // the mean of nothing
    CHECK(grad(ignored, {logits})[0].to_vector() == Numbers(6, 0.0));
    const Tensor log_q = row({-1, -2}).requires_grad_(), log_p = row({-inf, -0.5}).requires_grad_();
    const Tensor kl =
        nn::kl_div(log_q, log_p, {.log_target = true, .reduction = nn::Reduction::sum});
    CHECK(kl.item() == doctest::Approx(std::exp(-0.5) * 1.5));
    check_same(grad(kl, {log_q}, {.retain_graph = true})[0].to_vector(), {0, -std::exp(-0.5)},
               1e-15, "kl_div by log q");
    check_same(grad(kl, {log_p})[0].to_vector(), {0, std::exp(-0.5) * 2.5}, 1e-15,
               "kl_div by log p");
}
