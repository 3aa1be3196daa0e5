// The float functions against double at special values and where their formulas change;
// tests/autograd/ulp_sweep_test.cpp sweeps the rest.
#include "tensor/scalar/functions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "tests/tensor/ulps.h"

namespace math = eps::math;
using eps::test::same, eps::test::ulps;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_number = std::numeric_limits<float>::quiet_NaN();
constexpr float tiny = std::numeric_limits<float>::denorm_min();
constexpr float normal = std::numeric_limits<float>::min();
constexpr float largest = std::numeric_limits<float>::max();

}  // namespace

TEST_CASE("sincos_2pi is exact at quarters and close everywhere") {
    const float quarters[4][2] = {{0, 1}, {1, 0}, {0, -1}, {-1, 0}};
    for (int k = 0; k < 4; ++k) {
        float s, c;
        math::sincos_2pi(0.25f * static_cast<float>(k), s, c);
        CHECK(s == quarters[k][0]);
        CHECK(c == quarters[k][1]);
    }
    double worst = 0;
    for (int i = 0; i < (1 << 24); i += 97) {
        const float u = static_cast<float>(i) * 0x1p-24f;
        const double angle = 2 * std::numbers::pi * static_cast<double>(u);
        float s, c;
        math::sincos_2pi(u, s, c);
        worst = std::max({worst, std::fabs(static_cast<double>(s) - std::sin(angle)),
                          std::fabs(static_cast<double>(c) - std::cos(angle))});
    }
    CHECK(worst <= 0x1p-24);
}

TEST_CASE("exp and expm1 are right at zero, infinity, overflow and underflow") {
    CHECK(math::exp(0.0f) == 1.0f);
    CHECK(math::exp(-0.0f) == 1.0f);
    CHECK(math::exp(inf) == inf);
    CHECK(same(math::exp(-inf), 0.0f));
    CHECK(std::isnan(math::exp(not_number)));
    CHECK(std::isnan(math::exp(-not_number)));
    CHECK(std::isfinite(math::exp(88.7228317f)));
    CHECK(math::exp(88.7228394f) == inf);
    CHECK(math::exp(largest) == inf);
    CHECK(math::exp(-103.97f) == tiny);
    CHECK(same(math::exp(-103.98f), 0.0f));
    for (float x = -103.9f; x < -87.0f; x += 0.1f) {
        CHECK(ulps(math::exp(x), std::exp(static_cast<double>(x))) <= 1);
    }
    for (float x : {0.0f, -0.0f, tiny, -tiny, normal, -normal, 1e-20f, -1e-20f, inf}) {
        CHECK(same(math::expm1(x), x));
    }
    CHECK(math::expm1(-inf) == -1.0f);
    CHECK(math::expm1(-30.0f) == -1.0f);
    CHECK(std::isfinite(math::expm1(88.7228317f)));
    CHECK(math::expm1(88.7228394f) == inf);
    CHECK(std::isnan(math::expm1(not_number)));
}

TEST_CASE("log and log1p are right at zero, infinity, denormals and outside of their domain") {
    CHECK(same(math::log(1.0f), 0.0f));
    CHECK(math::log(0.0f) == -inf);
    CHECK(math::log(-0.0f) == -inf);
    CHECK(math::log(inf) == inf);
    for (float x : {-tiny, -1.0f, -largest, -inf, not_number, -not_number})
        CHECK(std::isnan(math::log(x)));
    for (float x : {tiny, 3 * tiny, 0.5f * normal, normal - tiny, normal, largest}) {
        CHECK(ulps(math::log(x), std::log(static_cast<double>(x))) <= 1);
    }
    for (float x : {0.0f, -0.0f, tiny, -tiny, normal, -normal, 1e-20f, -1e-20f, inf}) {
        CHECK(same(math::log1p(x), x));
    }
    CHECK(math::log1p(-1.0f) == -inf);
    for (float x : {-0x1.000002p0f, -2.0f, -largest, -inf, not_number})
        CHECK(std::isnan(math::log1p(x)));
    for (float x : {-0x1.fffffep-1f, -0.5f, 0x1p24f, largest}) {
        CHECK(ulps(math::log1p(x), std::log1p(static_cast<double>(x))) <= 1);
    }
}

TEST_CASE("exp2, log2 and log10 are exact where the result is an integer") {
    for (int n = -149; n < 128; ++n) {
        CHECK(math::exp2(static_cast<float>(n)) == std::ldexp(1.0f, n));
        CHECK(math::log2(std::ldexp(1.0f, n)) == static_cast<float>(n));
    }
    float power = 1;
    for (int n = 0; n <= 10; ++n, power *= 10) CHECK(math::log10(power) == static_cast<float>(n));
    CHECK(math::exp2(128.0f) == inf);
    CHECK(math::exp2(inf) == inf);
    CHECK(math::exp2(-149.5f) == tiny);
    CHECK(same(math::exp2(-150.0f), 0.0f));
    CHECK(same(math::exp2(-inf), 0.0f));
    for (float x : {-0.0f, 0.0f}) {
        CHECK(math::exp2(x) == 1.0f);
        CHECK(math::log2(x) == -inf);
        CHECK(math::log10(x) == -inf);
    }
    CHECK(std::isnan(math::exp2(not_number)));
    for (float x : {-tiny, -1.0f, -inf, not_number}) {
        CHECK(std::isnan(math::log2(x)));
        CHECK(std::isnan(math::log10(x)));
    }
    CHECK(math::log2(inf) == inf);
    CHECK(math::log10(inf) == inf);
}

TEST_CASE("cbrt is right at special values, and exact for cubes") {
    for (float x : {0.0f, -0.0f, inf, -inf, not_number}) CHECK(same(math::cbrt(x), x));
    for (float root = 1; root < 200; ++root) CHECK(math::cbrt(-root * root * root) == -root);
    for (float x : {tiny, 3 * tiny, normal - tiny, normal, largest})
        CHECK(ulps(math::cbrt(x), std::cbrt(static_cast<double>(x))) <= 0.51);
}

TEST_CASE("sin, cos and tan are right at special values and closest to multiples of pi / 2") {
    for (float x : {0.0f, -0.0f, tiny, -tiny, normal, -normal, 1e-20f}) {
        CHECK(same(math::sin(x), x));
        CHECK(same(math::tan(x), x));
        CHECK(math::cos(x) == 1.0f);
    }
    for (float x : {inf, -inf, not_number}) {
        CHECK(std::isnan(math::sin(x)));
        CHECK(std::isnan(math::cos(x)));
        CHECK(std::isnan(math::tan(x)));
    }
    // No float is nearer to a multiple of pi / 2 than the first (Muller, Elementary Functions,
    // chapter on range reduction).
    std::vector<float> arguments = {std::ldexp(16367173.0f, 72), largest, 0x1p22f, 0.5f,
                                    std::nextafter(0.5f, 0.0f)};
    for (int n = 1; n <= 2000; ++n)
        arguments.push_back(static_cast<float>(n * std::numbers::pi / 2));
    for (float x : arguments) {
        const double exact = x;
        CHECK(ulps(math::sin(x), std::sin(exact)) <= 0.51);
        CHECK(ulps(math::cos(x), std::cos(exact)) <= 0.51);
        CHECK(ulps(math::tan(-x), std::tan(-exact)) <= 0.51);
    }
}

TEST_CASE("tanh, erf and sigmoid are right at special values and where they saturate") {
    for (float x : {0.0f, -0.0f, tiny, -tiny, normal, -normal, 1e-20f, -1e-20f}) {
        CHECK(same(math::tanh(x), x));
        CHECK(ulps(math::erf(x), std::erf(static_cast<double>(x))) <= 1);
        CHECK(math::sigmoid(x) == 0.5f);
    }
    for (float x : {10.0f, 1e10f, largest, inf}) {
        CHECK(math::tanh(x) == 1.0f);
        CHECK(math::tanh(-x) == -1.0f);
        CHECK(math::erf(x) == 1.0f);
        CHECK(math::erf(-x) == -1.0f);
    }
    CHECK(std::isnan(math::tanh(not_number)));
    CHECK(std::isnan(math::erf(not_number)));
    CHECK(std::isnan(math::sigmoid(not_number)));
    CHECK(math::sigmoid(inf) == 1.0f);
    CHECK(same(math::sigmoid(-inf), 0.0f));
    CHECK(math::sigmoid(-100.0f) == math::exp(-100.0f));
    CHECK(math::sigmoid(-800.0) == 0.0);
    CHECK(math::sigmoid(-700.0) == std::exp(-700.0));
}

TEST_CASE_TEMPLATE("min and max propagate NaN; round goes half to even", T, float, double) {
    const T none = std::numeric_limits<T>::quiet_NaN(),
            endless = std::numeric_limits<T>::infinity();
    const T one = 1, two = 2;
    CHECK(math::min(one, two) == one);
    CHECK(math::min(two, one) == one);
    CHECK(math::max(one, two) == two);
    CHECK(math::max(two, one) == two);
    CHECK(math::min(-endless, one) == -endless);
    CHECK(math::max(one, endless) == endless);
    for (T x : {one, endless, -endless, none}) {
        CHECK(std::isnan(math::min(x, none)));
        CHECK(std::isnan(math::min(none, x)));
        CHECK(std::isnan(math::max(x, none)));
        CHECK(std::isnan(math::max(none, x)));
    }
    CHECK(math::round(T(0.5)) == 0);
    CHECK(math::round(T(1.5)) == 2);
    CHECK(math::round(T(2.5)) == 2);
    CHECK(math::round(T(-2.5)) == -2);
    CHECK(std::signbit(math::round(T(-0.25))));
    CHECK(math::trunc(T(-1.75)) == -1);
    CHECK(math::floor(T(-1.25)) == -2);
    CHECK(math::ceil(T(-1.75)) == -1);
    CHECK(math::isnan(none));
    CHECK_FALSE(math::isnan(endless));
    CHECK(math::isinf(-endless));
    CHECK_FALSE(math::isinf(none));
    CHECK(math::where(true, one, two) == one);
    CHECK(math::where(false, one, two) == two);
    CHECK(math::copysign(one, -two) == -one);
    CHECK(math::fmod(T(-7), T(4)) == -3);
    CHECK(math::rsqrt(T(4)) == T(0.5));
    CHECK(math::rsqrt(T(0)) == endless);
    CHECK(math::pow(two, T(10)) == 1024);
}
