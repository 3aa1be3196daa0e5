#pragma once
// Building blocks of the float functions: fused polynomials, and operations on the bits of floats.
// Everything is branch-free, so that a compiler turns a loop of calls into vector code.
#include <cmath>
#include <cstdint>
#include <limits>

#include "tensor/scalar/hd.h"

namespace eps::math {

// a * b + c, rounded once.
EPS_HD float fma(float a, float b, float c) { return std::fma(a, b, c); }
EPS_HD double fma(double a, double b, double c) { return std::fma(a, b, c); }

namespace detail {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

EPS_HD uint32_t bits(float x) { return __builtin_bit_cast(uint32_t, x); }
EPS_HD float from_bits(uint32_t u) { return __builtin_bit_cast(float, u); }

// 2^n for n in [-126, 127]: n written into the exponent field.
EPS_HD float pow2(int32_t n) { return from_bits(static_cast<uint32_t>(n + 127) << 23); }

// The magnitude of `a` (a >= 0) under the sign of `x`.
EPS_HD float with_sign(float a, float x) { return from_bits(bits(a) | (bits(x) & 0x80000000u)); }

// x kept within [lo, hi]; NaN stays NaN.
EPS_HD float clamp(float x, float lo, float hi) {
    x = x < lo ? lo : x;
    return x > hi ? hi : x;
}

// The smaller of x and limit when their bits are compared as unsigned integers (one instruction).
// In this order negative numbers come after all positive ones, and NaN comes after infinity. So
// min_bits(|x|, c) is min(|x|, c) for c > 0, and min_bits(x, -0) is x for positive x, else -0.
EPS_HD float min_bits(float x, float limit) {
    return from_bits(bits(x) < bits(limit) ? bits(x) : bits(limit));
}

// c0 + c1 x + c2 x^2 + ..., by Horner's rule.
EPS_HD float poly(float, float c0) { return c0; }
template <class... C> EPS_HD float poly(float x, float c0, C... c) {
    return fma(poly(x, c...), x, c0);
}

// x * scale rounded half to even, as a float and as an integer; |x * scale| < 2^22. Adding
// 1.5 * 2^23 pushes the fraction out of the mantissa and leaves the integer in its low bits.
struct Rounded {
    float value;
    int32_t integer;
};
EPS_HD Rounded round_scaled(float x, float scale) {
    constexpr float magic = 0x1.8p23f;
    const float t = fma(x, scale, magic);
    return {t - magic, static_cast<int32_t>(bits(t) - 0x4b400000u)};
}

}  // namespace detail
}  // namespace eps::math
