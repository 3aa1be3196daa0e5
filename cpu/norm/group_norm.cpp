// Group and batch norm, forward: statistics and values. group_norm.h has the plan.
#include "cpu/norm/group_norm.h"
#include "cpu/norm/norm.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cpu {
namespace {

using grouped::choose, grouped::kColumns;
using grouped::Chunks, grouped::Coefficients, grouped::Parameters, grouped::Partials;

// The moments of each column of `rows` rows, four rows at a time.
template <class T>
void column_moments(const Chunks& chunks, const T* data, std::int64_t rows, double* mean,
                    double* squares) {
    const std::int64_t stride = chunks.channels;
    for (std::int64_t first = 0; first < stride; first += kColumns) {
        const std::int64_t n = std::min(kColumns, stride - first);
        T centre[kColumns] = {}, s1[kColumns] = {}, s2[kColumns] = {};
        const T* x = data + first;
        std::int64_t r = 0;
        // mean
        for (; r + 4 <= rows; r += 4, x += 4 * stride)
            for (std::int64_t i = 0; i < n; ++i)
                centre[i] += (x[i] + x[stride + i]) + (x[2 * stride + i] + x[3 * stride + i]);
        for (; r < rows; ++r, x += stride)
            for (std::int64_t i = 0; i < n; ++i) centre[i] += x[i];
        for (std::int64_t i = 0; i < n; ++i) centre[i] /= static_cast<T>(rows);
        // deviations from it, and their squares
        for (x = data + first, r = 0; r + 4 <= rows; r += 4, x += 4 * stride)
            for (std::int64_t i = 0; i < n; ++i) {
                const T a = x[i] - centre[i], b = x[stride + i] - centre[i];
                const T c = x[2 * stride + i] - centre[i], d = x[3 * stride + i] - centre[i];
                s1[i] += (a + b) + (c + d);
                s2[i] += (a * a + b * b) + (c * c + d * d);
            }
        for (; r < rows; ++r, x += stride)
            for (std::int64_t i = 0; i < n; ++i) {
                const T a = x[i] - centre[i];
                s1[i] += a;
                s2[i] += a * a;
            }
        for (std::int64_t i = 0; i < n; ++i) {
            const Moments m = std::isfinite(s2[i]) ? moments_about(centre[i], s1[i], s2[i], rows)
                                                   : wide_moments(data + first + i, stride, rows);
            mean[first + i] = m.mean;
            squares[first + i] = m.squares;
        }
    }
}

template <class T>
void chunk_moments(const Chunks& chunks, const T* x, std::int64_t chunk, Partials& partials) {
    const std::int64_t n = chunks.chunk_size(chunk);
    double* mean = partials.first(chunk);
    double* squares = partials.second(chunk);
    x += chunks.chunk_start(chunk);
    if (chunks.channels_inner) return column_moments(chunks, x, n, mean, squares);
    for (std::int64_t c = 0; c < chunks.channels; ++c) {
        const Moments m = line_moments(x + c * chunks.pixels, n);
        mean[c] = m.mean;
        squares[c] = m.squares;
    }
}

// Joins parts of n_j numbers:
//     mean = sum_j n_j mean_j / n,   squares = sum_j squares_j + n_j (mean_j - mean)^2
// Source: Chan et al. 1983.
void join_moments(const Chunks& chunks, std::int64_t set, Partials& partials, double* means,
                  double* variances) {
    const std::int64_t first = set * chunks.chunks_of_set(), last = first + chunks.chunks_of_set();
    for (std::int64_t g = 0; g < chunks.groups; ++g) {
        const std::int64_t from = g * chunks.group_channels, to = from + chunks.group_channels;
        double sum = 0, squares = 0;
        for (std::int64_t chunk = first; chunk < last; ++chunk)
            for (std::int64_t c = from; c < to; ++c)
                sum += static_cast<double>(chunks.chunk_size(chunk)) * partials.first(chunk)[c];
        const double mean = sum / chunks.set_size();
        for (std::int64_t chunk = first; chunk < last; ++chunk)
            for (std::int64_t c = from; c < to; ++c) {
                const double d = partials.first(chunk)[c] - mean;
                squares += partials.second(chunk)[c] +
                           static_cast<double>(chunks.chunk_size(chunk)) * d * d;
            }
        means[set * chunks.groups + g] = mean;
        variances[set * chunks.groups + g] = squares / chunks.set_size();
    }
}

template <bool Silu, class T> EPS_HD T activated(T z) {
    if constexpr (Silu)
        return z * math::sigmoid(z);
    else
        return z;
}

template <bool Silu, class T>
void apply_chunk(const Chunks& chunks, T* out, const T* data, std::int64_t chunk,
                 Coefficients<T>& k) {
    const std::int64_t set = chunks.set_of(chunk / chunks.pieces);
    const std::int64_t n = chunks.chunk_size(chunk), start = chunks.chunk_start(chunk);
    const T* __restrict centre = k.centre(set);
    const T* __restrict scale = k.scale(set);
    const T* __restrict offset = k.offset(set);
    if (chunks.channels_inner) {
        for (std::int64_t r = 0; r < n; ++r) {
            const T* __restrict x = data + start + r * chunks.channels;
            T* __restrict y = out + start + r * chunks.channels;
#pragma GCC ivdep
            for (std::int64_t c = 0; c < chunks.channels; ++c)
                y[c] = activated<Silu>((x[c] - centre[c]) * scale[c] + offset[c]);
        }
        return;
    }
    for (std::int64_t c = 0; c < chunks.channels; ++c) {
        const T* __restrict x = data + start + c * chunks.pixels;
        T* __restrict y = out + start + c * chunks.pixels;
        const T m = centre[c], a = scale[c], b = offset[c];
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) y[i] = activated<Silu>((x[i] - m) * a + b);
    }
}

template <bool Silu, class T>
void forward_typed(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                   const Tensor& bias, const GroupNormOptions& options, bool given) {
    const Chunks chunks(x, options);
    const Parameters<T> parameters(chunks, statistics, weight, bias, options.epsilon);
    double* const means = static_cast<double*>(statistics.raw_data());
    const T* const from = static_cast<const T*>(x.raw_data());
    T* const to = static_cast<T*>(out.raw_data());
    Partials partials(chunks);
    Coefficients<T> coefficients(chunks.sets, chunks.channels);
    chunks.run(
        [&](std::int64_t chunk) {
            if (!given) chunk_moments(chunks, from, chunk, partials);
        },
        [&](std::int64_t set) {
            if (!given)
                join_moments(chunks, set, partials, means, means + chunks.sets * chunks.groups);
            parameters.fill(coefficients, set);
        },
        [&](std::int64_t chunk) { apply_chunk<Silu>(chunks, to, from, chunk, coefficients); });
}

}  // namespace

void group_statistics(Tensor& statistics, const Tensor& x, const GroupNormOptions& options) {
    const Chunks chunks(x, options);
    Partials partials(chunks);
    double* const means = static_cast<double*>(statistics.raw_data());
    choose(x, false, [&]<bool Silu, class T>() {
        chunks.run(
            [&](std::int64_t chunk) {
                chunk_moments(chunks, static_cast<const T*>(x.raw_data()), chunk, partials);
            },
            [&](std::int64_t set) {
                join_moments(chunks, set, partials, means, means + chunks.sets * chunks.groups);
            },
            [](std::int64_t) {});
    });
}

void group_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                const Tensor& bias, const GroupNormOptions& options, bool given) {
    choose(x, options.silu, [&]<bool Silu, class T>() {
        forward_typed<Silu, T>(out, statistics, x, weight, bias, options, given);
    });
}

void moving_average(Tensor& running, const Tensor& values, double momentum, double scale) {
    choose(running, false, [&]<bool Silu, class T>() {
        T* const r = static_cast<T*>(running.raw_data());
        const double* const v = static_cast<const double*>(values.raw_data());
        for (std::int64_t c = 0; c < running.numel(); ++c) {
            T& here = r[c * running.strides()[0]];
            here = static_cast<T>((1 - momentum) * static_cast<double>(here) +
                                  momentum * scale * v[c * values.strides()[0]]);
        }
    });
}

}  // namespace eps::kernels::cpu
