// Normalisation of the rows of x [N, D], a parallel loop over rows. Gradients of weight and bias
// are sums over rows: of fixed chunks of them first, then of the chunks in order, so that the bits
// do not depend on the number of threads.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/norm/norm.h"
#include "tensor/contract/kernels.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 16 * 1024;  // elements worth a second thread
// elements whose gradients of weight and bias are added up together
constexpr std::int64_t kChunk = 64 * 1024;

template <class T> Moments mean_square(const T* __restrict x, std::int64_t n) {
    T sum, squares;
    sum_line_pairs<T>(n, sum, squares, [=](std::int64_t i, T&, T& b) { b += x[i] * x[i]; });
    return {0, static_cast<double>(squares)};
}

/// x - mean = (x - centre) - rest, with the centre in T; inverse = 1 / deviation.
template <class T> struct Row {
    T centre, inverse, rest;
    Row(double mean, double variance, double epsilon)
        : centre(static_cast<T>(mean)),
          inverse(static_cast<T>(1 / std::sqrt(variance + epsilon))),
          rest(static_cast<T>((mean - static_cast<double>(centre)) /
                              std::sqrt(variance + epsilon))) {}
    EPS_HD T normal(T x) const { return (x - centre) * inverse - rest; }
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
                         const Moments m = Centred ? line_moments(from, n) : mean_square(from, n);
                         means[r] = m.mean;
                         means[rows + r] = m.squares / static_cast<double>(n);
                         const Row<T> row(m.mean, means[rows + r], epsilon);
#pragma GCC ivdep
                         for (std::int64_t i = 0; i < n; ++i)
                             to[i] = Centred ? row.normal(from[i]) * w[i] + b[i]
                                             : from[i] * row.inverse * w[i];
                     }
                 });
}

// With n = (x - mean) / deviation and means over the row:  dx = (g w - mean(g w) - n mean(g w n)) /
// deviation; the first mean only if centred.
template <bool Centred, class T>
void row_gradient(T* __restrict dx, T* __restrict dw, T* __restrict db, const T* __restrict g,
                  const T* __restrict x, const T* __restrict w, std::int64_t n,
                  const Row<T>& given) {
    const Row<T> row = given;
    T sum, product;
    sum_line_pairs<T>(n, sum, product, [=](std::int64_t i, T& s, T& p) {
        const T h = g[i] * w[i];
        if constexpr (Centred) s += h;
        p += h * row.normal(x[i]);
    });
    const T mean = sum / static_cast<T>(n), slope = product / static_cast<T>(n);
#pragma GCC ivdep
    for (std::int64_t i = 0; i < n; ++i) {
        const T normal = row.normal(x[i]);
        dx[i] = (g[i] * w[i] - mean - normal * slope) * row.inverse;
        dw[i] += g[i] * normal;
        if constexpr (Centred) db[i] += g[i];
    }
}

template <bool Centred, class T>
void backward_typed(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                    const Tensor& statistics, const Tensor& x, const Tensor& weight,
                    double epsilon) {
    const std::int64_t rows = x.size(0), n = x.size(1),
                       chunk_rows = std::max<std::int64_t>(1, kChunk / n),
                       chunks = (rows + chunk_rows - 1) / chunk_rows;
    const double* const means = static_cast<const double*>(statistics.raw_data());
    // [chunks, 2, n]: of the weight, of the bias
    std::vector<T> partial(static_cast<std::size_t>(2 * chunks * n));
    parallel_for(chunks, std::max<std::int64_t>(1, kGrain / (chunk_rows * n)),
                 [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t chunk = begin; chunk < end; ++chunk) {
                         T* const dw = partial.data() + 2 * chunk * n;
                         for (std::int64_t r = chunk * chunk_rows;
                              r < std::min(rows, (chunk + 1) * chunk_rows); ++r)
                             row_gradient<Centred>(static_cast<T*>(dx.raw_data()) + r * n, dw,
                                                   dw + n,
                                                   static_cast<const T*>(g.raw_data()) + r * n,
                                                   static_cast<const T*>(x.raw_data()) + r * n,
                                                   static_cast<const T*>(weight.raw_data()), n,
                                                   Row<T>(means[r], means[rows + r], epsilon));
                     }
                 });
    combine_rows<SumOf<T>>(partial.data(), chunks, 2 * n, 2 * n);
    std::copy_n(partial.data(), n, static_cast<T*>(dweight.raw_data()));
    if constexpr (Centred) std::copy_n(partial.data() + n, n, static_cast<T*>(dbias.raw_data()));
}

}  // namespace

void layer_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                const Tensor& bias, double epsilon) {
    const auto run = [&]<class T>() {
        bias.defined() ? forward_typed<true, T>(out, statistics, x, weight, bias, epsilon)
                       : forward_typed<false, T>(out, statistics, x, weight, bias, epsilon);
    };
    x.dtype() == DType::f64 ? run.template operator()<double>() : run.template operator()<float>();
}

void layer_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                         const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         double epsilon) {
    const auto run = [&]<class T>() {
        dbias.defined()
            ? backward_typed<true, T>(dx, dweight, dbias, g, statistics, x, weight, epsilon)
            : backward_typed<false, T>(dx, dweight, dbias, g, statistics, x, weight, epsilon);
    };
    x.dtype() == DType::f64 ? run.template operator()<double>() : run.template operator()<float>();
}

}  // namespace eps::kernels::cpu
