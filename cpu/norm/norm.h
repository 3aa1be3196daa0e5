#pragma once
// The mean and variance of a line of numbers, which the norms share. Two passes: the mean, rounded
// to T, is the centre of the second pass, and the part that the rounding lost is corrected in f64.
// So a mean of 1e4 beside a deviation of 1 costs no digits. Where the squares overflow, the passes
// are repeated in f64.
// Source: Chan, Golub & LeVeque 1983, the corrected two-pass algorithm.
#include <algorithm>
#include <cmath>

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

/// The moments in f64, of f32 whose squares overflow.
template <class T> Moments wide_moments(const T* x, std::int64_t stride, std::int64_t n) {
    Moments m;
    for (std::int64_t i = 0; i < n; ++i) m.mean += static_cast<double>(x[i * stride]);
    m.mean /= static_cast<double>(n);
    for (std::int64_t i = 0; i < n; ++i) {
        const double d = static_cast<double>(x[i * stride]) - m.mean;
        m.squares += d * d;
    }
    return m;
}

template <class T> Moments line_moments(const T* __restrict x, std::int64_t n) {
    const T centre = reduce_line<SumOf<T>, T>(x, 1, n) / static_cast<T>(n);
    T deviations, squares;
    sum_line_pairs<T>(n, deviations, squares, [=](std::int64_t i, T& a, T& b) {
        const T d = x[i] - centre;
        a += d;
        b += d * d;
    });
    if (!std::isfinite(squares)) return wide_moments(x, 1, n);
    return moments_about(centre, deviations, squares, n);
}

}  // namespace eps::kernels::cpu
