#pragma once
// Binary search along a sorted line of memory, for kernels of both devices.
#include <cstdint>

#include "tensor/scalar/hd.h"

namespace eps::math {

/// a < b, where NaN comes after everything, as in sorting.
template <class T> EPS_HD constexpr bool sorts_before(T a, T b) { return b != b ? a == a : a < b; }

/// The number of elements below x among n sorted elements that are `stride` apart. With `right`,
/// the number of elements not above x.
template <class T>
EPS_HD constexpr std::int64_t count_below(const T* line, std::int64_t stride, std::int64_t n, T x,
                                          bool right) {
    std::int64_t first = 0;
    while (n > 0) {
        const std::int64_t half = n / 2;
        const T middle = line[(first + half) * stride];
        const bool beyond = right ? !sorts_before(x, middle) : sorts_before(middle, x);
        first = beyond ? first + half + 1 : first;
        n = beyond ? n - half - 1 : half;
    }
    return first;
}

}  // namespace eps::math
