#pragma once
// The C++ numbers that are combined with tensors.
#include <concepts>
#include <cstdint>

namespace eps {

/// A C++ number as it was written: an integer is not rounded to a double.
struct Number {
    template <std::floating_point T> Number(T x) : value(static_cast<double>(x)) {}
    template <std::integral T>
    Number(T x)
        : value(static_cast<double>(x)),
          integer(static_cast<std::int64_t>(x)),
          is_integer(sizeof(T) < 8 || std::signed_integral<T> || integer >= 0) {}
    Number operator-() const {
        Number negative(-value);
        negative.is_integer = is_integer && integer != INT64_MIN;
        if (negative.is_integer) negative.integer = -integer;
        return negative;
    }
    /// Whether `value` is the number: not for every integer beyond 2^53.
    bool is_double() const {
        constexpr std::int64_t limit = std::int64_t{1} << 53;
        return !is_integer || (integer >= -limit && integer <= limit);
    }
    double value;
    std::int64_t integer = 0;  // where it is one
    bool is_integer = false;
};

}  // namespace eps
