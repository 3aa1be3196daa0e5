#pragma once
// Errors in units in the last place.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace eps::test {

/// The type in which values of type T are compared.
template <class T> using Wider = std::conditional_t<std::is_same_v<T, float>, double, long double>;

/// Whether a and b are the same number, the signs of zeros included, or both NaN.
template <class T> bool same(T a, T b) {
    return (a == b && std::signbit(a) == std::signbit(b)) || (std::isnan(a) && std::isnan(b));
}

/// The distance between neighbouring T of the size of `exact`.
template <class T> Wider<T> ulp_of(Wider<T> exact) {
    using Limits = std::numeric_limits<T>;
    return std::ldexp(Wider<T>(1),
                      std::max(std::ilogb(exact), Limits::min_exponent - 1) - (Limits::digits - 1));
}

/// For float, computed from the bits of the exponent: sweeps call this often.
template <> inline double ulp_of<float>(double exact) {
    const auto exponent =
        std::max<std::uint64_t>(std::bit_cast<std::uint64_t>(exact) >> 52 & 0x7ff, 1023 - 126);
    return std::bit_cast<double>((exponent - 23) << 52);
}

/// The distance of `got` from `exact` in ULP; infinite if only one of them is NaN or infinite, or
/// if the signs of zeros differ.
template <class T> double ulps(T got, Wider<T> exact) {
    const T nearest = static_cast<T>(exact);
    if (same(got, nearest)) {
        if (exact == 0 || !std::isfinite(nearest)) return 0;
    } else if (exact == 0 || !std::isfinite(nearest) || !std::isfinite(got)) {
        return std::numeric_limits<double>::infinity();
    }
    return static_cast<double>(std::abs(got - exact) / ulp_of<T>(exact));
}

}  // namespace eps::test
