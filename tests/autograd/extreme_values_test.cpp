// Pointwise ops where a plain formula cancels, overflows or selects the wrong side. The numbers are
// of mpmath.
#include <limits>

#include "nn/loss.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

Tensor number(double value, DType dtype = f32) { return full({1}, value, {.dtype = dtype}); }

// f'(x) by the first of its inputs.
template <class F> double slope(const F& f, double x, DType dtype = f32) {
    const Tensor at = number(x, dtype).requires_grad_();
    return grad(sum(f(at)), {at})[0].item();
}

void check_near(double got, double exact, double ulps = 4) {
    const double tolerance = ulps * 0x1p-24 * std::abs(exact);
    CHECK_MESSAGE(std::abs(got - exact) <= tolerance, got, ", expected ", exact);
}

}  // namespace

TEST_CASE("bce_with_logits keeps its digits where the logit agrees with the target") {
    const auto loss = [](double x, double t) {
        return nn::binary_cross_entropy_with_logits(number(x), number(t)).item();
    };
    check_near(loss(10, 1), 4.5398899216870535e-05);
    check_near(loss(20, 1), 2.0611536203143807e-09);
    check_near(loss(-20, 0), 2.0611536203143807e-09);
    check_near(loss(20, 0), 20.000000002061154);
    check_near(slope([](const Tensor& x) { return bce_with_logits(x, number(1)); }, 20),
               -2.0611536181902037e-09);
    // Smooth at 0: the second derivative is that of softplus.
    const Tensor x = number(0, f64).requires_grad_();
    const Tensor first =
        grad(sum(bce_with_logits(x, number(0.3, f64))), {x}, {.create_graph = true})[0];
    CHECK(first.item() == doctest::Approx(0.2));
    CHECK(grad(sum(first), {x})[0].item() == doctest::Approx(0.25));
}

TEST_CASE("kl_standard_normal keeps its digits near the standard normal") {
    check_near(kl_standard_normal(number(0), number(0x1p-13)).item(), 3.725441885538252e-09);
    check_near(kl_standard_normal(number(0), number(-0x1p-13)).item(), 3.725138720637435e-09);
    check_near(kl_standard_normal(number(0, f64), number(1e-9, f64)).item(), 2.500000000833333e-19,
               1e-6);
}

TEST_CASE("the derivative of expm1 does not vanish before e^x does") {
    const double exact = 4.1399377187851668e-08;  // e^-17
    check_near(slope([](const Tensor& x) { return elu(x); }, -17), exact);
    check_near(slope([](const Tensor& x) { return celu(x); }, -17), exact);
    check_near(slope([](const Tensor& x) { return expm1(x); }, -17), exact);
    check_near(slope([](const Tensor& x) { return selu(x); }, -17),
               exact * 1.0507009873554805 * 1.6732632423543772);
}

TEST_CASE("clamp and hardtanh with lo > hi give hi") {
    const Tensor x = tensor({0.0, 3.0, 7.0});
    CHECK(clamp(x, {.lo = 5, .hi = 2}).to_vector() == std::vector<double>{2, 2, 2});
    CHECK(hardtanh(x, {.lo = 5, .hi = 2}).to_vector() == std::vector<double>{2, 2, 2});
    CHECK(clamp(to(x, i64), {.lo = 5, .hi = 2}).to_vector() == std::vector<double>{2, 2, 2});
    CHECK(clamp(to(x, i64), {.hi = 4}).to_vector() == std::vector<double>{0, 3, 4});
    CHECK(slope([](const Tensor& y) { return clamp(y, {.lo = 5, .hi = 2}); }, 3) == 0);
}

TEST_CASE("atan2, hypot and atan have their gradients at every size of the arguments") {
    for (double size : {1e-30, 1e-20, 1.0, 1e20, 1e30}) {
        const auto by_y = [&](const Tensor& y) { return atan2(y, number(4 * size)); };
        const auto by_x = [&](const Tensor& x) { return atan2(number(3 * size), x); };
        check_near(slope(by_y, 3 * size) * size, 0.16);
        check_near(slope(by_x, 4 * size) * size, -0.12);
        check_near(slope([&](const Tensor& a) { return hypot(a, number(4 * size)); }, 3 * size),
                   0.6);
    }
    check_near(slope([](const Tensor& a) { return hypot(a, number(3e38)); }, 3e38),
               0.70710678118654752);
    check_near(slope([](const Tensor& x) { return asinh(x); }, 1e30), 1e-30);
    check_near(slope([](const Tensor& x) { return acosh(x); }, 1e30), 1e-30);
    check_near(slope([](const Tensor& x) { return atan(x); }, 1e18), 1e-36);
}

TEST_CASE("a power of -1 with an even exponent has a derivative of the other sign") {
    for (double b : {2.0, 16777216.0, 16777218.0, 1e9, 1e20})
        for (double sign : {1.0, -1.0}) {
            const auto power = [&](const Tensor& a) { return pow(a, number(sign * b)); };
            check_near(slope(power, -1), -sign * static_cast<float>(b));
            check_near(slope(power, 1), sign * static_cast<float>(b));
        }
    const auto cube = [](const Tensor& a) { return pow(a, number(3)); };
    CHECK(slope(cube, -2) == 12);
    CHECK(slope([](const Tensor& a) { return pow(a, number(2)); }, 0) == 0);
}

TEST_CASE("gelu, gelu_tanh and softsign are right far out") {
    for (DType dtype : {f32, f64}) {
        const auto exact = [](const Tensor& x) { return gelu(x); };
        const auto approximate = [](const Tensor& x) { return gelu_tanh(x); };
        for (double x : {50.0, 1e20, inf}) {
            CHECK(slope(exact, x, dtype) == 1);
            CHECK(std::abs(slope(exact, -x, dtype)) < 1e-40);
            CHECK(slope(approximate, x, dtype) == 1);
            CHECK(slope(approximate, -x, dtype) == 0);
            CHECK(gelu_tanh(number(-x, dtype)).item() == 0);
            CHECK(gelu_tanh(number(x, dtype)).item() == gelu(number(x, dtype)).item());
        }
    }
    const auto f = [](const Tensor& x) { return softsign(x); };
    for (double x : {1e-3, 1e3, 1e7, 1e15})
        check_near(slope(f, x), 1 / ((1 + static_cast<double>(static_cast<float>(x))) *
                                     (1 + static_cast<double>(static_cast<float>(x)))));
    // x s' of these was off by x ULP.
    check_near(slope([](const Tensor& x) { return silu(x); }, 16.625), 1.0000009411832952, 2);
    check_near(slope([](const Tensor& x) { return mish(x); }, 9.015625), 1.0000005026234482, 2);
}

TEST_CASE("planar_log_det keeps its digits near 0, on both sides of the singularity") {
    check_near(planar_log_det(number(0.5), number(1e-10)).item(), 7.5e-11);
    check_near(planar_log_det(number(0), number(-2 - 0x1p-20)).item(), 9.536738616591882e-07);
    CHECK(planar_log_det(number(0), number(-1)).item() == -inf);
}

TEST_CASE("lerp gives its ends exactly") {
    CHECK(lerp(number(1e20), number(1), number(1)).item() == 1);
    CHECK(lerp(number(1), number(1e20), number(0)).item() == 1);
    CHECK(lerp(number(-3), number(5), number(0.25)).item() == -1);
    CHECK(lerp(number(-3), number(5), number(0.75)).item() == 3);
}

TEST_CASE("gaussian_nll_loss takes epsilon itself for a variance below it") {
    const Tensor loss = nn::gaussian_nll_loss(number(0), number(0), number(-1000));
    check_near(loss.item(), 0.5 * std::log(1e-6), 8);
}
