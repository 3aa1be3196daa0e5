#pragma once
// gelu(x) = x Phi(x) and its derivative, where Phi is the distribution function of N(0, 1).
//
// In float, gelu(x) = max(x, 0) - a Q(a) with a = |x| and Q(a) = 1 - Phi(a). Nothing cancels, and Q
// keeps its relative accuracy where it is small.
#include "tensor/scalar/normal.h"

namespace eps::math {

// Below -39 Phi(x) is 0, and -inf * 0 would be NaN: the result there is -0. Above 39 the derivative
// is 1 likewise.
EPS_HD double gelu(double x) { return x < -39.0 ? -0.0 : x * ndtr(x); }
EPS_HD double gelu_derivative(double x) {
    const double y = fma(x * 0.3989422804014327, exp_of_square(x, -0.5), ndtr(x));
    return x < -39.0 ? -0.0 : x > 39.0 ? 1.0 : y;
}

namespace detail {

// y 2^n for y > 0, where neither y nor the result is denormal: adds n to the exponent.
EPS_HD float shift_exponent(float y, int32_t n) {
    return from_bits(bits(y) + (static_cast<uint32_t>(n) << 23));
}

// e^(-a^2 / 2) = 2^n (1 + tail) and Q(a) = 2^n scaled / divisor, for a = min(|x|, 13.8): at 13.8
// a Q(a) is 2e-42. The divisor uses |x| itself, so that beyond 13.8 the quotient falls to 0, and is
// NaN for NaN.
struct NormalTail {
    float a, tail, scaled, divisor;
    int32_t n;
    EPS_HD float value() const { return shift_exponent(scaled, n) / divisor; }
};
EPS_HD NormalTail normal_tail(float x) {
    const float m = std::fabs(x), a = min_bits(m, 13.8f);
    // a^2 = n 2 ln 2 + r, where r includes the rounding error of a^2; e^(-r/2) - 1 by a polynomial
    // of relative error 2^-28. The rounding error of the constant 2 ln 2 is smooth in a, and p and
    // q are fitted to include it.
    const float square = a * a, lost = fma(a, a, -square);
    const auto [value, n] = round_scaled(square, -0.72134752f);
    const float r = fma(value, 1.38629436f, square) + lost;
    const float tail = r * poly(r, -0.5f, 0.124999985f, -0.020833151f, 0.00260426639f,
                                -0.000261520967f, 2.15953109e-05f);
    // e^(a^2 / 2) Q(a) = p / q with relative error 2^-26.
    const float p = poly(a, 49.5f, 43.22176f, 18.001143f, 3.9720254f, 0.39894632f);
    const float q = poly(m, 99.0f, 165.4341f, 118.49939f, 46.107307f, m + 9.957007f);
    return {a, tail, fma(p, tail, p), q, n};
}

}  // namespace detail

// Max error: 1.48 ULP of x; 5.6 ULP of the result down to x = -12.8, where Q(a) becomes denormal.
EPS_HD float gelu(float x) {
    const auto tail = detail::normal_tail(x);
    return fma(-tail.a, tail.value(), detail::min_bits(x, -0.0f));
}

// Phi(x) + x phi(x). phi is computed times 2^24, to stay normal.
EPS_HD float gelu_derivative(float x) {
    const auto tail = detail::normal_tail(x);
    const float bell = detail::shift_exponent(1.0f + tail.tail, tail.n + 24);
    const float left = fma(tail.a * (-0x1p-24f * 0.398942280f), bell, tail.value());
    return x < 0.0f ? left : 1.0f - left;
}

}  // namespace eps::math
