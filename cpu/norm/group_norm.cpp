// Group and batch norm: statistics and values.
#include "cpu/norm/group_norm.h"
#include "cpu/norm/norm.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cpu {
using namespace grouped;
namespace {

// Moments of each column of `rows` rows, four rows at a time.
template <class T>
void column_moments(const Images& images, const T* data, std::int64_t rows, double* mean,
                    double* squares) {
    const std::int64_t stride = images.channels;
    for (std::int64_t first = 0; first < stride; first += kColumns) {
        const std::int64_t n = std::min(kColumns, stride - first);
        T centre[kColumns] = {}, s1[kColumns] = {}, s2[kColumns] = {};
        const T* x = data + first;
        std::int64_t r = 0;
        for (; r + 4 <= rows; r += 4, x += 4 * stride)
            for (std::int64_t i = 0; i < n; ++i)
                centre[i] += (x[i] + x[stride + i]) + (x[2 * stride + i] + x[3 * stride + i]);
        for (; r < rows; ++r, x += stride)
            for (std::int64_t i = 0; i < n; ++i) centre[i] += x[i];
        for (std::int64_t i = 0; i < n; ++i) centre[i] /= static_cast<T>(rows);
        for (x = data + first, r = 0; r + 4 <= rows; r += 4, x += 4 * stride)
            for (std::int64_t i = 0; i < n; ++i) {
                const T a = x[i] - centre[i], b = x[stride + i] - centre[i],
                        c = x[2 * stride + i] - centre[i], d = x[3 * stride + i] - centre[i];
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
            const Moments m = moments_about(centre[i], s1[i], s2[i], rows);
            mean[first + i] = m.mean;
            squares[first + i] = m.squares;
        }
    }
}

template <class T>
void chunk_moments(const Images& images, const T* x, std::int64_t chunk, Partials& partials) {
    const std::int64_t n = images.chunk_size(chunk);
    double* mean = partials.first(chunk);
    double* squares = partials.second(chunk);
    x += images.chunk_start(chunk);
    if (images.channels_inner) return column_moments(images, x, n, mean, squares);
    for (std::int64_t c = 0; c < images.channels; ++c) {
        const Moments m = line_moments(x + c * images.places, n);
        mean[c] = m.mean;
        squares[c] = m.squares;
    }
}

// Parts of n_j numbers, joined: mean = sum n_j mean_j / n, squares = sum squares_j + n_j (mean_j -
// mean)^2   (Chan et al. 1983).
void join_moments(const Images& images, std::int64_t set, Partials& partials, double* means,
                  double* variances) {
    const std::int64_t first = set * images.chunks_of_set(), last = first + images.chunks_of_set();
    for (std::int64_t g = 0; g < images.groups; ++g) {
        const std::int64_t from = g * images.group_channels, to = from + images.group_channels;
        double sum = 0, squares = 0;
        for (std::int64_t chunk = first; chunk < last; ++chunk)
            for (std::int64_t c = from; c < to; ++c)
                sum += static_cast<double>(images.chunk_size(chunk)) * partials.first(chunk)[c];
        const double mean = sum / images.set_size();
        for (std::int64_t chunk = first; chunk < last; ++chunk)
            for (std::int64_t c = from; c < to; ++c) {
                const double d = partials.first(chunk)[c] - mean;
                squares += partials.second(chunk)[c] +
                           static_cast<double>(images.chunk_size(chunk)) * d * d;
            }
        means[set * images.groups + g] = mean;
        variances[set * images.groups + g] = squares / images.set_size();
    }
}

template <bool Silu, class T> EPS_HD T activated(T z) {
    if constexpr (Silu)
        return z * math::sigmoid(z);
    else
        return z;
}

template <bool Silu, class T>
void apply_chunk(const Images& images, T* out, const T* data, std::int64_t chunk,
                 Coefficients<T>& k) {
    const std::int64_t set = images.set_of(chunk / images.pieces), n = images.chunk_size(chunk),
                       start = images.chunk_start(chunk);
    const T* __restrict centre = k.centre(set);
    const T* __restrict scale = k.scale(set);
    const T* __restrict offset = k.offset(set);
    if (images.channels_inner) {
        for (std::int64_t r = 0; r < n; ++r) {
            const T* __restrict x = data + start + r * images.channels;
            T* __restrict y = out + start + r * images.channels;
#pragma GCC ivdep
            for (std::int64_t c = 0; c < images.channels; ++c)
                y[c] = activated<Silu>((x[c] - centre[c]) * scale[c] + offset[c]);
        }
        return;
    }
    for (std::int64_t c = 0; c < images.channels; ++c) {
        const T* __restrict x = data + start + c * images.places;
        T* __restrict y = out + start + c * images.places;
        const T m = centre[c], a = scale[c], b = offset[c];
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) y[i] = activated<Silu>((x[i] - m) * a + b);
    }
}

template <bool Silu, class T>
void forward_typed(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight,
                   const Tensor& bias, const GroupNormOptions& options, bool given) {
    const Images images(x, options);
    const Parameters<T> parameters(images, statistics, weight, bias, options.epsilon);
    double* const means = static_cast<double*>(statistics.raw_data());
    const T* const from = static_cast<const T*>(x.raw_data());
    T* const to = static_cast<T*>(out.raw_data());
    Partials partials(images);
    Coefficients<T> coefficients(images.sets, images.channels);
    images.run(
        [&](std::int64_t chunk) {
            if (!given) chunk_moments(images, from, chunk, partials);
        },
        [&](std::int64_t set) {
            if (!given)
                join_moments(images, set, partials, means, means + images.sets * images.groups);
            parameters.fill(coefficients, set);
        },
        [&](std::int64_t chunk) { apply_chunk<Silu>(images, to, from, chunk, coefficients); });
}

}  // namespace

void group_statistics(Tensor& statistics, const Tensor& x, const GroupNormOptions& options) {
    const Images images(x, options);
    Partials partials(images);
    double* const means = static_cast<double*>(statistics.raw_data());
    choose(x, false, [&]<bool Silu, class T>() {
        images.run(
            [&](std::int64_t chunk) {
                chunk_moments(images, static_cast<const T*>(x.raw_data()), chunk, partials);
            },
            [&](std::int64_t set) {
                join_moments(images, set, partials, means, means + images.sets * images.groups);
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
