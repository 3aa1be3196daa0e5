// softmax and log_softmax along one dimension of a dense tensor, seen as [outer, n, inner]. If
// inner is 1, a team of threads takes each line; else one thread takes each line and its neighbours
// the neighbouring lines. Either way neighbouring threads read neighbouring elements.
#include <limits>

#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {
namespace {

template <class T> __device__ T lowest() { return -std::numeric_limits<T>::infinity(); }
/// The (log) softmax of x, where sum = sum_j exp(x_j - largest).
template <class T> __device__ T result(T x, T largest, T sum, T log_sum, bool log) {
    return log ? (x - largest) - log_sum : math::exp(x - largest) / sum;
}
template <class T> __device__ T gradient(T g, T y, T sum, bool log) {
    return log ? g - math::exp(y) * sum : y * (g - sum);
}

// A team takes each line of `length` vectors. A NaN is skipped in the maximum but reaches the sum.
template <class Team, class T, int V>
__global__ void __launch_bounds__(kBlock)
    row_kernel(T* out, const T* x, std::uint32_t lines, std::uint32_t length, bool log) {
    if (Team::line() >= lines) return;  // a whole team
    const std::int64_t start = std::int64_t{Team::line()} * length * V;
    x += start;
    out += start;
    // maximum
    T largest = lowest<T>();
    for (std::uint32_t i = Team::lane(); i < length; i += Team::kThreads) {
        const Vector<T, V> here = vector_at<V>(x + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) largest = here.at[k] > largest ? here.at[k] : largest;
    }
    largest = Team::max(largest);
    // sum of exponentials
    T sum = 0;
    for (std::uint32_t i = Team::lane(); i < length; i += Team::kThreads) {
        const Vector<T, V> here = vector_at<V>(x + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) sum += math::exp(here.at[k] - largest);
    }
    sum = Team::sum(sum);
    const T log_sum = math::log(sum);
    // results
    for (std::uint32_t i = Team::lane(); i < length; i += Team::kThreads) {
        Vector<T, V> here = vector_at<V>(x + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) here.at[k] = result(here.at[k], largest, sum, log_sum, log);
        vector_at<V>(out + i * V) = here;
    }
}

// The offset at which a line of [outer, n, inner] begins.
__device__ std::int64_t column_start(std::uint32_t line, const Divisor& inner,
                                     std::uint32_t length) {
    const std::uint32_t outer = inner.divide(line);
    return std::int64_t{outer} * length * inner.size + (line - outer * inner.size);
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    column_kernel(T* out, const T* x, std::uint32_t lines, std::uint32_t length, Divisor inner,
                  bool log) {
    const std::uint32_t line = blockIdx.x * blockDim.x + threadIdx.x;
    if (line >= lines) return;
    const std::int64_t start = column_start(line, inner, length);
    T largest = lowest<T>(), sum = 0;
    for (std::uint32_t i = 0; i < length; ++i) {
        const T here = x[start + std::int64_t{i} * inner.size];
        largest = here > largest ? here : largest;
    }
    for (std::uint32_t i = 0; i < length; ++i)
        sum += math::exp(x[start + std::int64_t{i} * inner.size] - largest);
    const T log_sum = math::log(sum);
    for (std::uint32_t i = 0; i < length; ++i) {
        const std::int64_t at = start + std::int64_t{i} * inner.size;
        out[at] = result(x[at], largest, sum, log_sum, log);
    }
}

template <class Team, class T, int V>
__global__ void __launch_bounds__(kBlock)
    row_gradient_kernel(T* dx, const T* g, const T* y, std::uint32_t lines, std::uint32_t length,
                        bool log) {
    if (Team::line() >= lines) return;
    const std::int64_t start = std::int64_t{Team::line()} * length * V;
    dx += start;
    g += start;
    y += start;
    T sum = 0;
    for (std::uint32_t i = Team::lane(); i < length; i += Team::kThreads) {
        const Vector<T, V> dy = vector_at<V>(g + i * V);
        const Vector<T, V> value = vector_at<V>(y + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) sum += log ? dy.at[k] : dy.at[k] * value.at[k];
    }
    sum = Team::sum(sum);
    for (std::uint32_t i = Team::lane(); i < length; i += Team::kThreads) {
        Vector<T, V> dy = vector_at<V>(g + i * V);
        const Vector<T, V> value = vector_at<V>(y + i * V);
#pragma unroll
        for (int k = 0; k < V; ++k) dy.at[k] = gradient(dy.at[k], value.at[k], sum, log);
        vector_at<V>(dx + i * V) = dy;
    }
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    column_gradient_kernel(T* dx, const T* g, const T* y, std::uint32_t lines, std::uint32_t length,
                           Divisor inner, bool log) {
    const std::uint32_t line = blockIdx.x * blockDim.x + threadIdx.x;
    if (line >= lines) return;
    const std::int64_t start = column_start(line, inner, length);
    T sum = 0;
    for (std::uint32_t i = 0; i < length; ++i) {
        const std::int64_t at = start + std::int64_t{i} * inner.size;
        sum += log ? g[at] : g[at] * y[at];
    }
    for (std::uint32_t i = 0; i < length; ++i) {
        const std::int64_t at = start + std::int64_t{i} * inner.size;
        dx[at] = gradient(g[at], y[at], sum, log);
    }
}

/// The extents of a dense tensor seen as [outer, length, inner].
struct Extents {
    std::uint32_t length, inner, lines;
    Extents(const Tensor& x, int dim)
        : length(static_cast<std::uint32_t>(x.size(dim))),
          inner(length > 1 ? static_cast<std::uint32_t>(x.strides()[dim]) : 1),
          lines(static_cast<std::uint32_t>(x.numel() / length)) {}
};

/// Calls f.template operator()<Team, V>(blocks, vectors of a row) with 16-byte vectors if the rows
/// are aligned to them, else with V = 1.
template <class T, class F> void by_rows(const Extents& x, bool aligned, const F& f) {
    constexpr int V = kVector<T>;
    const std::uint32_t vectors = x.length / V;
    if (aligned && x.length % V == 0)
        with_team(x.lines, vectors, [&]<class Team>(unsigned blocks) {
            f.template operator()<Team, V>(blocks, vectors);
        });
    else
        with_team(x.lines, x.length, [&]<class Team>(unsigned blocks) {
            f.template operator()<Team, 1>(blocks, x.length);
        });
}

}  // namespace

void softmax(Tensor& out, const Tensor& x, int dim, bool log) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "softmax");
    const Extents extents(x, dim);
    visit_real(x, [&]<class T>() {
        T* const to = data_of<T>(out);
        const T* const from = data_of<T>(x);
        if (extents.inner > 1) {
            column_kernel<T><<<blocks_for(extents.lines), kBlock, 0, stream()>>>(
                to, from, extents.lines, extents.length, Divisor(extents.inner), log);
            return;
        }
        by_rows<T>(extents, is_aligned(to) && is_aligned(from),
                   [&]<class Team, int V>(unsigned blocks, std::uint32_t length) {
                       row_kernel<Team, T, V>
                           <<<blocks, kBlock, 0, stream()>>>(to, from, extents.lines, length, log);
                   });
    });
    check_launch("softmax");
}

void softmax_backward(Tensor& dx, const Tensor& g, const Tensor& y, int dim, bool log) {
    if (y.numel() == 0) return;
    check_count(y.numel(), "softmax_backward");
    const Extents extents(y, dim);
    visit_real(y, [&]<class T>() {
        T* const to = data_of<T>(dx);
        const T* const dy = data_of<T>(g);
        const T* const value = data_of<T>(y);
        if (extents.inner > 1) {
            column_gradient_kernel<T><<<blocks_for(extents.lines), kBlock, 0, stream()>>>(
                to, dy, value, extents.lines, extents.length, Divisor(extents.inner), log);
            return;
        }
        by_rows<T>(extents, is_aligned(to) && is_aligned(dy) && is_aligned(value),
                   [&]<class Team, int V>(unsigned blocks, std::uint32_t length) {
                       row_gradient_kernel<Team, T, V><<<blocks, kBlock, 0, stream()>>>(
                           to, dy, value, extents.lines, length, log);
                   });
    });
    check_launch("softmax_backward");
}

}  // namespace eps::kernels::cuda
