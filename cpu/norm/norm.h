#pragma once
// Inner loops that the norms share: sums of rows of columns, and of lines. Deviations are taken
// from a centre near the mean, and what the centre missed is added afterwards in f64 (the corrected
// two-pass algorithm of Chan, Golub & LeVeque 1983): a mean of 1e4 beside a deviation of 1 costs no
// digits.
#include "cpu/reduction/reduce.h"

namespace eps::kernels::cpu {

/// Mean and sum of squared deviations of some numbers.
struct Moments {
    double mean = 0, squares = 0;
};
/// From n numbers' sums of (x - centre) and (x - centre)^2.
inline Moments moments_about(double centre, double deviations, double squares, std::int64_t n) {
    const double shift = deviations / static_cast<double>(n);
    return {centre + shift, std::max(0.0, squares - deviations * shift)};
}

/// Two running sums along a contiguous line: f(i) gives the pair to add.
template <class T, class F> void sum_line_pairs(std::int64_t n, T& first, T& second, const F& f) {
    constexpr std::int64_t lanes = kLanes<T>;
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
