// Float functions against double: a sweep of all magnitudes in units in the last place, then the
// edges where formulas change or break down.
#include "tensor/math/functions.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

namespace math = eps::math;

namespace {

constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float not_number = std::numeric_limits<float>::quiet_NaN();
constexpr float tiny = std::numeric_limits<float>::denorm_min();
constexpr float normal = std::numeric_limits<float>::min();
constexpr float largest = std::numeric_limits<float>::max();

uint32_t bits(float x) { return __builtin_bit_cast(uint32_t, x); }
bool same(float a, float b) { return bits(a) == bits(b) || (std::isnan(a) && std::isnan(b)); }

// How far `got` is from `exact`, in floats; infinite where one is NaN, overflows or has lost its sign.
double ulps(float got, double exact) {
    const float nearest = static_cast<float>(exact);
    if (same(got, nearest)) {
        if (exact == 0 || !std::isfinite(nearest)) return 0;
    } else if (exact == 0 || !std::isfinite(nearest) || !std::isfinite(got)) {
        return inf;
    }
    const int exponent = std::max(std::ilogb(exact) - 23, -149);
    return std::fabs(static_cast<double>(got) - exact) / std::ldexp(1.0, exponent);
}

// The largest error over every stride-th bit pattern: both signs, denormals, infinities and NaNs.
template <class F, class G>
double max_ulps(F f, G exact) {
    constexpr uint64_t stride = 1999;
    double worst = 0;
    for (uint64_t i = 0; i <= 0xffffffffu; i += stride) {
        const float x = __builtin_bit_cast(float, static_cast<uint32_t>(i));
        worst = std::max(worst, ulps(f(x), exact(static_cast<double>(x))));
    }
    return worst;
}

}  // namespace

#define EPS_SWEEP(name, limit) \
    CHECK(max_ulps([](float x) { return math::name(x); }, [](double x) { return math::name(x); }) <= limit)

TEST_CASE("float functions stay within two ULP of double over all floats") {
    EPS_SWEEP(exp, 1.0);
    EPS_SWEEP(expm1, 1.5);
    EPS_SWEEP(log, 1.0);
    EPS_SWEEP(log1p, 1.6);
    EPS_SWEEP(tanh, 1.5);
    EPS_SWEEP(sigmoid, 1.75);
    EPS_SWEEP(erf, 1.0);
    EPS_SWEEP(rsqrt, 1.5);
    EPS_SWEEP(sqrt, 0.5);
}

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

TEST_CASE("exp and expm1 at the edges") {
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

TEST_CASE("log and log1p at the edges") {
    CHECK(same(math::log(1.0f), 0.0f));
    CHECK(math::log(0.0f) == -inf);
    CHECK(math::log(-0.0f) == -inf);
    CHECK(math::log(inf) == inf);
    for (float x : {-tiny, -1.0f, -largest, -inf, not_number, -not_number}) CHECK(std::isnan(math::log(x)));
    for (float x : {tiny, 3 * tiny, 0.5f * normal, normal - tiny, normal, largest}) {
        CHECK(ulps(math::log(x), std::log(static_cast<double>(x))) <= 1);
    }
    for (float x : {0.0f, -0.0f, tiny, -tiny, normal, -normal, 1e-20f, -1e-20f, inf}) {
        CHECK(same(math::log1p(x), x));
    }
    CHECK(math::log1p(-1.0f) == -inf);
    for (float x : {-0x1.000002p0f, -2.0f, -largest, -inf, not_number}) CHECK(std::isnan(math::log1p(x)));
    for (float x : {-0x1.fffffep-1f, -0.5f, 0x1p24f, largest}) {
        CHECK(ulps(math::log1p(x), std::log1p(static_cast<double>(x))) <= 1);
    }
}

TEST_CASE("tanh, erf and sigmoid at the edges") {
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

TEST_CASE_TEMPLATE("min and max propagate NaN, round goes half to even", T, float, double) {
    const T none = std::numeric_limits<T>::quiet_NaN(), endless = std::numeric_limits<T>::infinity();
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
