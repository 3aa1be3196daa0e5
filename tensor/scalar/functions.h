#pragma once
// The scalar functions of which pointwise kernels are built, for float and double. Every function
// runs on the host and in CUDA kernels.
//
// For float, the exponentials, logarithms, sin, cos, tan, tanh, sigmoid, erf, roots, sincos_2pi and
// roundings are our own. They are branch-free and vectorise in a loop under -fno-math-errno
// -fno-trapping-math; none needs -ffast-math, and NaN, infinities, signed zeros and denormals
// follow IEEE 754. All others are the C library's.
#include <type_traits>

#include "tensor/scalar/exp_log.h"
#include "tensor/scalar/sigmoid.h"
#include "tensor/scalar/trigonometric.h"

namespace eps::math {

// Defines name(x) = std::function(x) for float and double.
#define EPS_LIBM_1(name, function)                          \
    EPS_HD float name(float x) { return std::function(x); } \
    EPS_HD double name(double x) { return std::function(x); }
#define EPS_LIBM_2(name)                                            \
    EPS_HD float name(float x, float y) { return std::name(x, y); } \
    EPS_HD double name(double x, double y) { return std::name(x, y); }

// These are exact or rounded once, and take one vector instruction each.
EPS_LIBM_1(abs, fabs)
EPS_LIBM_1(sqrt, sqrt)
EPS_LIBM_1(floor, floor)
EPS_LIBM_1(ceil, ceil)
EPS_LIBM_1(trunc, trunc)
EPS_LIBM_1(round, nearbyint)  // half to even
EPS_LIBM_2(copysign)

// These are the C library's.
EPS_LIBM_1(asin, asin)
EPS_LIBM_1(acos, acos)
EPS_LIBM_1(atan, atan)
EPS_LIBM_1(sinh, sinh)
EPS_LIBM_1(cosh, cosh)
EPS_LIBM_1(asinh, asinh)
EPS_LIBM_1(acosh, acosh)
EPS_LIBM_1(atanh, atanh)
EPS_LIBM_1(erfc, erfc)
EPS_LIBM_2(pow)
EPS_LIBM_2(atan2)
EPS_LIBM_2(fmod)
EPS_LIBM_2(hypot)

#undef EPS_LIBM_1
#undef EPS_LIBM_2

// A root and a quotient, each rounded once. Max error: 1.50 ULP.
EPS_HD float rsqrt(float x) { return 1.0f / sqrt(x); }
EPS_HD double rsqrt(double x) { return 1.0 / sqrt(x); }

// The C library's root, which can be 3 ULP off, then one step of Newton's iteration that computes
// the error of t^3 with twice the bits. Max error: 0.51 ULP, and 2 ULP for denormals.
EPS_HD double cbrt(double x) {
    const double t = std::cbrt(x), square = t * t, rest = fma(t, t, -square);
    const double error = fma(-t, rest, fma(-t, square, x));
    return x != 0.0 && std::fabs(x) < double{detail::kInf} ? fma(error, 1.0 / (3.0 * square), t)
                                                           : t;
}

#ifdef __CUDA_ARCH__
EPS_HD float cbrt(float x) { return ::cbrtf(x); }
#else
// |x| = 2^(3n) m with m in [1, 8). The first guess is a third of m's bits; then follow two steps of
// Halley's iteration, t <- t + t (m - t^3) / (2 t^3 + m), the second with t^2 in twice the bits.
// Max error: 0.51 ULP.
EPS_HD float cbrt(float x) {
    const float a = std::fabs(x);
    const bool denormal = a < 0x1p-126f;
    const float normal = denormal ? a * 0x1p24f : a;
    // A third of the exponent, plus 43.
    const uint32_t n = ((detail::bits(normal) >> 23) + 2) * 43691 >> 17;
    const float m = detail::from_bits(detail::bits(normal) - (3 * n - 129) * 0x800000u);
    const float third = static_cast<float>(static_cast<int32_t>(detail::bits(m))) * 0.333333333f;
    float t = detail::from_bits(static_cast<uint32_t>(static_cast<int32_t>(third)) + 0x2a5119f2u);
    t = t * (t * t * t + 2.0f * m) / (2.0f * t * t * t + m);
    const float square = t * t, rest = fma(t, t, -square);
    const float error = fma(-t, rest, fma(-t, square, m));
    t = fma(t, error / fma(2.0f * square, t, m), t);
    const float y =
        detail::from_bits(detail::bits(t) + (n - 43u) * 0x800000u) * (denormal ? 0x1p-8f : 1.0f);
    return a > 0.0f && a < detail::kInf ? detail::with_sign(y, x) : x;
}
#endif

EPS_HD bool isnan(float x) { return x != x; }
EPS_HD bool isnan(double x) { return x != x; }
EPS_HD bool isinf(float x) { return abs(x) == detail::kInf; }
EPS_HD bool isinf(double x) { return abs(x) == double{detail::kInf}; }

template <class T>
concept Arithmetic = std::is_arithmetic_v<T>;
template <Arithmetic T> EPS_HD T where(bool condition, T a, T b) { return condition ? a : b; }

// NaN if either argument is NaN: a NaN b fails the comparison and is returned.
EPS_HD float min(float a, float b) { return a < b || isnan(a) ? a : b; }
EPS_HD double min(double a, double b) { return a < b || isnan(a) ? a : b; }
EPS_HD float max(float a, float b) { return a > b || isnan(a) ? a : b; }
EPS_HD double max(double a, double b) { return a > b || isnan(a) ? a : b; }

// s = sin(2 pi u) and c = cos(2 pi u) for u in [0, 1). u = k / 4 + r with |r| <= 1/8, exactly; an
// odd polynomial of degree 9 and an even one of degree 8 in r; then k rotates the pair by quarter
// turns. Max error: 0.86 ULP.
EPS_HD void sincos_2pi(float u, float& s, float& c) {
    const auto [quarters, k] = detail::round_scaled(u, 4.0f);
    const float r = fma(quarters, -0.25f, u), z = r * r;
    const float low = detail::poly(z, -1.95191788e-07f, -41.3416634f, 81.5926895f, -75.4075546f);
    const float sine = fma(r, 6.28318548f, r * low);
    const float drop = detail::poly(z, -19.7392082f, 64.9391479f, -85.4245071f, 58.6192818f);
    const float cosine = fma(z, drop, 1.0f);
    const bool odd = (k & 1) != 0;
    const float a = odd ? cosine : sine, b = odd ? sine : cosine;
    s = (k & 2) != 0 ? -a : a;
    c = ((k + 1) & 2) != 0 ? -b : b;
}

// a b, and 0 where a or b is 0, even if the other one is infinite or NaN. It multiplies gradients:
// nothing flows through a factor of exactly 0, so an infinite slope behind it does no harm.
// The product comes first and two selections follow: g++ vectorises no branch around it.
template <Arithmetic T> EPS_HD constexpr T mul_no_nan(T a, T b) {
    const T product = static_cast<T>(a * b), or_zero = a == T(0) ? T(0) : product;
    return b == T(0) ? T(0) : or_zero;
}

// e^(c x^2) for c = -1 or -1/2. Rounding x^2 alone would cost up to c x^2 ULP, so what the rounding
// lost is given back to first order. Beyond 40 the result is 0.
EPS_HD float exp_of_square(float x, double factor) {
    const float c = static_cast<float>(factor), a = detail::clamp(x, -40.0f, 40.0f);
    const float square = a * a, y = exp(c * square);
    return fma(y, c * fma(a, a, -square), y);
}
EPS_HD double exp_of_square(double x, double c) {
    const double a = x < -40.0 ? -40.0 : x > 40.0 ? 40.0 : x, square = a * a, y = exp(c * square);
    return fma(y, c * fma(a, a, -square), y);
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|): neither overflows nor cancels.
EPS_HD float softplus(float x) { return max(x, 0.0f) + log1p(exp(-abs(x))); }
EPS_HD double softplus(double x) { return max(x, 0.0) + log1p(exp(-abs(x))); }

// x log y, and 0 where x is 0, even for y = 0 and y = inf.
EPS_HD float xlogy(float x, float y) {
    return x == 0.0f && (y <= 0.0f || y == detail::kInf) ? 0.0f : x * log(y);
}
EPS_HD double xlogy(double x, double y) {
    return x == 0.0 && (y <= 0.0 || y == double{detail::kInf}) ? 0.0 : x * log(y);
}

// x / (1 + |x|)
EPS_HD float softsign(float x) { return x / (1.0f + abs(x)); }
EPS_HD double softsign(double x) { return x / (1.0 + abs(x)); }

// log(e^a + e^b) = max(a, b) + log1p(e^-|a - b|). Equal arguments, infinities too, differ by 0.
EPS_HD float logaddexp(float a, float b) {
    return max(a, b) + log1p(exp(-abs(a == b ? 0.0f : a - b)));
}
EPS_HD double logaddexp(double a, double b) {
    return max(a, b) + log1p(exp(-abs(a == b ? 0.0 : a - b)));
}

}  // namespace eps::math
