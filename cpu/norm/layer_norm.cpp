// Layer norm and RMS norm (not `Centred`) of the rows of x [N, D]: a parallel loop over rows. The
// gradients of weight and bias are sums over rows: first within chunks whose size depends on the
// shape alone, then over the chunks along a tree, so that the bits do not depend on the number of
// threads.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/norm/norm.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 16 * 1024;  // elements that are worth a second thread
constexpr std::int64_t kChunk = 64 * 1024;  // elements that share their sums dweight and dbias

template <class T> Moments mean_square(const T* __restrict x, std::int64_t n) {
    T sum, squares;
    sum_line_pairs<T>(n, sum, squares, [=](std::int64_t i, T&, T& b) { b += x[i] * x[i]; });
    if (std::isfinite(squares)) return {0, static_cast<double>(squares)};
    Moments wide;
    for (std::int64_t i = 0; i < n; ++i)
        wide.squares += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return wide;
}

/// The statistics of a row in T: (x - mean) rstd = (x - centre) rstd - rest, where the centre is
/// the mean rounded to T.
template <class T> struct RowStatistics {
    T centre, rstd, rest;
    RowStatistics(double mean, double variance, double epsilon)
        : centre(static_cast<T>(mean)),
          rstd(static_cast<T>(1 / std::sqrt(variance + epsilon))),
          rest(static_cast<T>((mean - static_cast<double>(centre)) /
                              std::sqrt(variance + epsilon))) {}
    EPS_HD T normalised(T x) const { return (x - centre) * rstd - rest; }
};

template <bool Centred, class T>
void forward_typed(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                   const Tensor& bias, double epsilon) {
    const std::int64_t rows = x.size(0), n = x.size(1);
    double* const means = static_cast<double*>(statistics.raw_data());
    const T* __restrict w = static_cast<const T*>(weight.raw_data());
    const T* __restrict b = Centred ? static_cast<const T*>(bias.raw_data()) : nullptr;
    parallel_for(rows, std::max<std::int64_t>(1, kGrain / n),
                 [&, w, b](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t r = begin; r < end; ++r) {
                         const T* __restrict from = static_cast<const T*>(x.raw_data()) + r * n;
                         T* __restrict to = static_cast<T*>(out.raw_data()) + r * n;
                         // mean, variance
                         const Moments m = Centred ? line_moments(from, n) : mean_square(from, n);
                         means[r] = m.mean;
                         means[rows + r] = m.squares / static_cast<double>(n);
                         // normalise
                         const RowStatistics<T> row(m.mean, means[rows + r], epsilon);
#pragma GCC ivdep
                         for (std::int64_t i = 0; i < n; ++i)
                             to[i] = Centred ? row.normalised(from[i]) * w[i] + b[i]
                                             : from[i] * row.rstd * w[i];
                     }
                 });
}

// With z = (x - mean) rstd and means over the row,
//     dx = rstd (g w - mean(g w) - z mean(g w z))
// where RMS norm has no mean(g w). Adds to dw and db, of the row's chunk.
template <bool Centred, class T>
void row_gradient(T* __restrict dx, T* __restrict dw, T* __restrict db, const T* __restrict g,
                  const T* __restrict x, const T* __restrict w, std::int64_t n,
                  const RowStatistics<T>& statistics) {
    const RowStatistics<T> row = statistics;
    // mean(g w), mean(g w z)
    T sum, product;
    sum_line_pairs<T>(n, sum, product, [=](std::int64_t i, T& s, T& p) {
        const T h = g[i] * w[i];
        if constexpr (Centred) s += h;
        p += h * row.normalised(x[i]);
    });
    const T mean = sum / static_cast<T>(n), mean_product = product / static_cast<T>(n);
    // dx, dw, db
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) {
        const T z = row.normalised(x[i]);
        dx[i] = (g[i] * w[i] - mean - z * mean_product) * row.rstd;
        dw[i] += g[i] * z;
        if constexpr (Centred) db[i] += g[i];
    }
}

template <bool Centred, class T>
void backward_typed(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                    const Tensor& statistics, const Tensor& x, const Tensor& weight,
                    double epsilon) {
    const std::int64_t rows = x.size(0), n = x.size(1);
    const std::int64_t chunk_rows = std::max<std::int64_t>(1, kChunk / n);
    const std::int64_t chunks = ceil_div(rows, chunk_rows);
    const double* const means = static_cast<const double*>(statistics.raw_data());
    const T* const w = static_cast<const T*>(weight.raw_data());
    // [chunks, 2, n]: the sums for the weight, then those for the bias
    std::vector<T> partial(static_cast<std::size_t>(2 * chunks * n));
    parallel_for(chunks, std::max<std::int64_t>(1, kGrain / (chunk_rows * n)),
                 [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t chunk = begin; chunk < end; ++chunk) {
                         T* const dw = partial.data() + 2 * chunk * n;
                         const std::int64_t last = std::min(rows, (chunk + 1) * chunk_rows);
                         for (std::int64_t r = chunk * chunk_rows; r < last; ++r)
                             row_gradient<Centred>(
                                 static_cast<T*>(dx.raw_data()) + r * n, dw, dw + n,
                                 static_cast<const T*>(g.raw_data()) + r * n,
                                 static_cast<const T*>(x.raw_data()) + r * n, w, n,
                                 RowStatistics<T>(means[r], means[rows + r], epsilon));
                     }
                 });
    combine_rows<SumOf<T>>(partial.data(), chunks, 2 * n, 2 * n);
    std::copy_n(partial.data(), n, static_cast<T*>(dweight.raw_data()));
    if constexpr (Centred) std::copy_n(partial.data() + n, n, static_cast<T*>(dbias.raw_data()));
}

}  // namespace

void layer_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                const Tensor& bias, double epsilon) {
    visit_real(x.dtype(), [&]<class T>() {
        bias.defined() ? forward_typed<true, T>(out, statistics, x, weight, bias, epsilon)
                       : forward_typed<false, T>(out, statistics, x, weight, bias, epsilon);
    });
}

void layer_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                         const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         double epsilon) {
    visit_real(x.dtype(), [&]<class T>() {
        dbias.defined()
            ? backward_typed<true, T>(dx, dweight, dbias, g, statistics, x, weight, epsilon)
            : backward_typed<false, T>(dx, dweight, dbias, g, statistics, x, weight, epsilon);
    });
}

}  // namespace eps::kernels::cpu
