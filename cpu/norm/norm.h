#pragma once
// The mean and variance of a line of numbers, which the norms share. Two passes: the mean, rounded
// to T, is the centre of the second pass, and the part that the rounding lost is corrected in f64.
// So a mean of 1e4 beside a deviation of 1 costs no digits.
// Source: Chan, Golub & LeVeque 1983, the corrected two-pass algorithm.
#include <algorithm>

#include "cpu/reduction/reduce.h"

namespace eps::kernels::cpu {

/// Mean and sum of squared deviations of some numbers.
struct Moments {
    double mean = 0, squares = 0;
};
/// The moments of n numbers from the sums of (x - centre) and of (x - centre)^2.
inline Moments moments_about(double centre, double deviations, double squares, std::int64_t n) {
    const double shift = deviations / static_cast<double>(n);
    return {centre + shift, std::max(0.0, squares - deviations * shift)};
}

/// Two sums along a contiguous line of n elements: f(i, a, b) adds element i to both.
template <class T, class F> void sum_line_pairs(std::int64_t n, T& first, T& second, const F& f) {
    constexpr std::int64_t lanes = kRunningValues<T>;
    T a[lanes] = {}, b[lanes] = {};
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes)
        for (std::int64_t l = 0; l < lanes; ++l) f(i + l, a[l], b[l]);
    for (std::int64_t l = 0; l < n - i; ++l) f(i + l, a[l], b[l]);
    first = fold<SumOf<T>, lanes / 2>(a);
    second = fold<SumOf<T>, lanes / 2>(b);
}

template <class T> Moments line_moments(const T* __restrict x, std::int64_t n) {
    const T centre = reduce_line<SumOf<T>, T>(x, 1, n) / static_cast<T>(n);
    T deviations, squares;
    sum_line_pairs<T>(n, deviations, squares, [=](std::int64_t i, T& a, T& b) {
        const T d = x[i] - centre;
        a += d;
        b += d * d;
    });
    return moments_about(centre, deviations, squares, n);
}

}  // namespace eps::kernels::cpu
