#pragma once
// Scalar functions on integers, so that numeric pointwise ops compute i64 and u8 exactly.
#include <concepts>
#include <cstdint>

#include "tensor/scalar/functions.h"

namespace eps::math {

template <std::integral T> EPS_HD constexpr T abs(T x) { return x < T(0) ? static_cast<T>(-x) : x; }
template <std::integral T> EPS_HD constexpr T min(T a, T b) { return a < b ? a : b; }
template <std::integral T> EPS_HD constexpr T max(T a, T b) { return a > b ? a : b; }
template <std::integral T> EPS_HD constexpr T floor(T x) { return x; }
template <std::integral T> EPS_HD constexpr T ceil(T x) { return x; }
template <std::integral T> EPS_HD constexpr T round(T x) { return x; }
template <std::integral T> EPS_HD constexpr T trunc(T x) { return x; }
/// The remainder of a / b, with the sign of a. It is 0 for b = 0 and b = -1: processors trap on the
/// first, and on the lowest i64 modulo -1.
template <std::integral T> EPS_HD constexpr T fmod(T a, T b) {
    const bool traps = b == T(0) || (std::is_signed_v<T> && b == static_cast<T>(-1));
    return traps ? T(0) : static_cast<T>(a % b);
}
template <std::integral T> EPS_HD constexpr bool isnan(T) { return false; }
template <std::integral T> EPS_HD constexpr bool isinf(T) { return false; }

/// A scalar attribute as T. Integers go through i64, so that -1 as u8 is 255 instead of undefined.
template <class T> EPS_HD constexpr T scalar_as(double c) {
    if constexpr (std::is_integral_v<T>)
        return static_cast<T>(static_cast<std::int64_t>(c));
    else
        return T(c);
}

/// -1, 0 or 1; NaN stays NaN.
template <Arithmetic T> EPS_HD constexpr T sign(T x) {
    return x > T(0) ? T(1) : x < T(0) ? static_cast<T>(T(0) - T(1)) : x == T(0) ? T(0) : x;
}

}  // namespace eps::math
