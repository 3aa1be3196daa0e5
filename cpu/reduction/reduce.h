#pragma once
// What all reductions share: the operators, and combinations in an order that depends on the number
// of elements alone. So the bits do not depend on the number of threads, and the rounding error of
// a long sum grows with its logarithm.
#include <algorithm>
#include <cstdint>
#include <limits>

namespace eps::kernels::cpu {

template <class T> struct SumOf {
    static T identity() { return T(0); }
    static T combine(T a, T b) { return static_cast<T>(a + b); }
};
// NaN wins in max and min. Two selections, which compile to no branch.
template <class T> struct MaxOf {
    static T identity() {
        return std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity()
                                                    : std::numeric_limits<T>::lowest();
    }
    static T combine(T a, T b) {
        const T larger = a > b ? a : b;
        return a != a ? a : larger;
    }
};
template <class T> struct MinOf {
    static T identity() {
        return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity()
                                                    : std::numeric_limits<T>::max();
    }
    static T combine(T a, T b) {
        const T smaller = a < b ? a : b;
        return a != a ? a : smaller;
    }
};

/// Independent running values, as many as four AVX-512 registers hold. g++ vectorises loops over
/// them without reordering any sum.
template <class T> inline constexpr std::int64_t kRunningValues = sizeof(T) == 8 ? 32 : 64;

/// Combines values[i] with values[i + Half] for i < Half, then halves again, until one is left.
template <class R, std::int64_t Half, class T> T fold(T* values) {
    if constexpr (Half == 0) {
        return values[0];
    } else {
        for (std::int64_t l = 0; l < Half; ++l) values[l] = R::combine(values[l], values[l + Half]);
        return fold<R, Half / 2>(values);
    }
}

/// Combines a line of n elements: element i joins running value i % kRunningValues, and the running
/// values are folded.
template <class R, class T, class S>
T reduce_line(const S* __restrict x, std::int64_t stride, std::int64_t n) {
    constexpr std::int64_t lanes = kRunningValues<T>;
    T values[lanes];
    std::fill_n(values, lanes, R::identity());
    std::int64_t i = 0;
    if (stride == 1)
        for (; i + lanes <= n; i += lanes)
            for (std::int64_t l = 0; l < lanes; ++l)
                values[l] = R::combine(values[l], static_cast<T>(x[i + l]));
    else
        for (; i + lanes <= n; i += lanes)
            for (std::int64_t l = 0; l < lanes; ++l)
                values[l] = R::combine(values[l], static_cast<T>(x[(i + l) * stride]));
    for (std::int64_t l = 0; l < n - i; ++l)
        values[l] = R::combine(values[l], static_cast<T>(x[(i + l) * stride]));
    return fold<R, lanes / 2>(values);
}

/// Combines `count` rows of `width` values, `stride` apart, into the first, along a binary tree:
/// neighbours, then neighbours of the results, and so on.
template <class R, class T>
void combine_rows(T* rows, std::int64_t count, std::int64_t width, std::int64_t stride) {
    for (std::int64_t step = 1; step < count; step *= 2)
        for (std::int64_t r = 0; r + step < count; r += 2 * step) {
            T* __restrict a = rows + r * stride;
            const T* __restrict b = rows + (r + step) * stride;
            for (std::int64_t i = 0; i < width; ++i) a[i] = R::combine(a[i], b[i]);
        }
}

}  // namespace eps::kernels::cpu
