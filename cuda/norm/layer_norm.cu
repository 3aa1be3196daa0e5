// Normalisation of rows (layer norm and RMS norm), forward and backward. A team of threads takes
// each row: one pass for the mean, one for the variance, one for the results. Sums are f64.
#include "cuda/norm/channel_sums.cuh"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

/// x [rows, width]; width counts vectors of V elements.
template <class T> struct Rows {
    const T *x, *weight;
    std::uint32_t rows, width;
    double epsilon;
    __device__ double rstd(double variance) const { return rsqrt(variance + epsilon); }
};

// statistics [2, rows] = mean, then variance. Without a bias this is RMS norm, whose mean is 0.
template <class Team, class T, int V>
__global__ void __launch_bounds__(kBlock)
    rows_kernel(T* out, double* statistics, const T* bias, const Rows<T> r) {
    const std::uint32_t row = Team::line();
    if (row >= r.rows) return;  // a whole team
    const std::int64_t start = std::int64_t{row} * r.width * V;
    const double width = static_cast<double>(r.width) * V;
    // mean
    double mean = 0;
    if (bias) {
        for (std::uint32_t i = Team::lane(); i < r.width; i += Team::kThreads) {
            const Vector<T, V> x = vector_at<V>(r.x + start + i * V);
#pragma unroll
            for (int k = 0; k < V; ++k) mean += static_cast<double>(x.at[k]);
        }
        mean = Team::sum(mean) / width;
    }
    // variance
    double squares = 0;
    for (std::uint32_t i = Team::lane(); i < r.width; i += Team::kThreads) {
        const Vector<T, V> x = vector_at<V>(r.x + start + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) {
            const double deviation = static_cast<double>(x.at[k]) - mean;
            squares += deviation * deviation;
        }
    }
    const double variance = Team::sum(squares) / width;
    const double rstd = r.rstd(variance);
    // normalise
    for (std::uint32_t i = Team::lane(); i < r.width; i += Team::kThreads) {
        Vector<T, V> x = vector_at<V>(r.x + start + i * V);
        const Vector<T, V> weight = vector_at<V>(r.weight + i * V);
        const Vector<T, V> shift = bias ? vector_at<V>(bias + i * V) : Vector<T, V>{};
#pragma unroll
        for (int k = 0; k < V; ++k) {
            const T x_hat = static_cast<T>((static_cast<double>(x.at[k]) - mean) * rstd);
            x.at[k] = x_hat * weight.at[k] + shift.at[k];
        }
        vector_at<V>(out + start + i * V) = x;
    }
    if (Team::lane() != 0) return;
    statistics[row] = mean;
    statistics[r.rows + row] = variance;
}

// dx = rstd (w g - mean(w g) - x_hat mean(w g x_hat)). RMS norm (not centred) has no mean(w g).
template <class Team, class T, int V>
__global__ void __launch_bounds__(kBlock)
    rows_gradient_kernel(T* dx, const T* g, const double* statistics, const Rows<T> r,
                         bool centred) {
    const std::uint32_t row = Team::line();
    if (row >= r.rows) return;
    const std::int64_t start = std::int64_t{row} * r.width * V;
    const double width = static_cast<double>(r.width) * V;
    const double mean = statistics[row], rstd = r.rstd(statistics[r.rows + row]);
    // mean(w g) and mean(w g x_hat)
    double sum = 0, product = 0;
    for (std::uint32_t i = Team::lane(); i < r.width; i += Team::kThreads) {
        const Vector<T, V> x = vector_at<V>(r.x + start + i * V);
        const Vector<T, V> gradient = vector_at<V>(g + start + i * V);
        const Vector<T, V> weight = vector_at<V>(r.weight + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) {
            const double d =
                static_cast<double>(weight.at[k]) * static_cast<double>(gradient.at[k]);
            sum += d;
            product += d * (static_cast<double>(x.at[k]) - mean) * rstd;
        }
    }
    sum = centred ? Team::sum(sum) / width : 0;
    product = Team::sum(product) / width;
    // dx
    for (std::uint32_t i = Team::lane(); i < r.width; i += Team::kThreads) {
        const Vector<T, V> x = vector_at<V>(r.x + start + i * V);
        const Vector<T, V> weight = vector_at<V>(r.weight + i * V);
        Vector<T, V> gradient = vector_at<V>(g + start + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) {
            const double d =
                static_cast<double>(weight.at[k]) * static_cast<double>(gradient.at[k]);
            const double x_hat = (static_cast<double>(x.at[k]) - mean) * rstd;
            gradient.at[k] = static_cast<T>((d - sum - x_hat * product) * rstd);
        }
        vector_at<V>(dx + start + i * V) = gradient;
    }
}

/// Term of channel_sums: g, and g x_hat, added down the columns. The rows take the part of the
/// pixels of an image whose channels are innermost.
template <class T> struct ColumnGradients {
    const T *g, *x;
    const double* statistics;
    std::uint32_t rows;
    double epsilon;
    __device__ int channel(std::uint32_t, std::uint32_t) const { return 0; }
    __device__ void add(int, std::uint32_t row, std::uint32_t element, double& sum,
                        double& product) const {
        const double gradient = static_cast<double>(g[element]);
        sum += gradient;
        product += gradient * (static_cast<double>(x[element]) - statistics[row]) *
                   rsqrt(statistics[rows + row] + epsilon);
    }
};

/// Calls f.template operator()<Team, V>(blocks, rows) with 16-byte vectors if all rows are aligned
/// to them, else with V = 1.
template <class T, class F>
void by_rows(const Tensor& x, const Tensor& weight, double epsilon, bool aligned, const F& f) {
    Rows<T> rows{data_of<T>(x), data_of<T>(weight), static_cast<std::uint32_t>(x.size(0)),
                 static_cast<std::uint32_t>(x.size(1)), epsilon};
    if (aligned && is_aligned(rows.x) && is_aligned(rows.weight) && rows.width % kVector<T> == 0) {
        rows.width /= kVector<T>;
        with_team(rows.rows, rows.width, [&]<class Team>(unsigned blocks) {
            f.template operator()<Team, kVector<T>>(blocks, rows);
        });
    } else {
        with_team(rows.rows, rows.width, [&]<class Team>(unsigned blocks) {
            f.template operator()<Team, 1>(blocks, rows);
        });
    }
}

}  // namespace

void layer_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                const Tensor& bias, double epsilon) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "layer_norm");
    visit_real(x, [&]<class T>() {
        by_rows<T>(x, weight, epsilon, is_aligned(data_of<T>(out)) && is_aligned(data_of<T>(bias)),
                   [&]<class Team, int V>(unsigned blocks, const Rows<T>& rows) {
                       rows_kernel<Team, T, V><<<blocks, kBlock, 0, stream()>>>(
                           data_of<T>(out), data_of<double>(statistics), data_of<T>(bias), rows);
                   });
    });
    check_launch("layer_norm");
}

void layer_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                         const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         double epsilon) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "layer_norm_backward");
    visit_real(x, [&]<class T>() {
        const T* const gradients = data_of<T>(g);
        const double* const moments = data_of<double>(statistics);
        by_rows<T>(x, weight, epsilon, is_aligned(data_of<T>(dx)) && is_aligned(gradients),
                   [&]<class Team, int V>(unsigned blocks, const Rows<T>& rows) {
                       rows_gradient_kernel<Team, T, V><<<blocks, kBlock, 0, stream()>>>(
                           data_of<T>(dx), gradients, moments, rows, dbias.defined());
                   });
        const ColumnGradients<T> columns{gradients, data_of<T>(x), moments,
                                         static_cast<std::uint32_t>(x.size(0)), epsilon};
        const Tensor sums = channel_sums(ImageLayout(1, x.size(1), x.size(0), true), columns,
                                         x.device(), "layer_norm_backward");
        parameter_gradients<T>(data_of<T>(dweight), data_of<T>(dbias), sums, x.size(1),
                               "layer_norm_backward");
    });
    check_launch("layer_norm_backward");
}

}  // namespace eps::kernels::cuda
