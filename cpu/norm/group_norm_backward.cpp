// The gradients of group and batch norm. group_norm.h has the plan.
#include "cpu/norm/group_norm.h"
#include "cpu/norm/norm.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cpu {
namespace {

using grouped::choose, grouped::kColumns;
using grouped::Chunks, grouped::Coefficients, grouped::Parameters, grouped::Partials;

// d silu / dz = s (1 + z (1 - s)) with s = sigmoid(z); 1 without silu.
template <bool Silu, class T> EPS_HD T activation_derivative(T z) {
    if constexpr (!Silu) return T(1);
    const T s = math::sigmoid(z);
    return s * (T(1) + z * (T(1) - s));
}

/// Operands and coefficients of one chunk. h is the gradient in z: g itself, or, with silu, g times
/// the derivative of silu, which is stored in dx.
template <bool Silu, class T> struct GradientSums {
    const Chunks& chunks;
    T* dx;
    const T* g;
    const T* x;
    const T *centre, *scale, *offset;  // [channels]

    // sum h and sum h (x - centre) of each channel, whose pixels are contiguous.
    void lines(std::int64_t start, std::int64_t n, double* sums, double* products) const {
        for (std::int64_t c = 0; c < chunks.channels; ++c) {
            const T* __restrict g_line = g + start + c * chunks.pixels;
            const T* __restrict x_line = x + start + c * chunks.pixels;
            T* __restrict dx_line = dx + start + c * chunks.pixels;
            const T m = centre[c], a = scale[c], b = offset[c];
            // h
            if constexpr (Silu)
#pragma GCC ivdep
                for (std::int64_t i = 0; i < n; ++i)
                    dx_line[i] = g_line[i] * activation_derivative<Silu>((x_line[i] - m) * a + b);
            const T* __restrict h = Silu ? dx_line : g_line;
            // sums
            T sum, product;
            sum_line_pairs<T>(n, sum, product, [=](std::int64_t i, T& s, T& p) {
                s += h[i];
                p += h[i] * (x_line[i] - m);
            });
            sums[c] = sum;
            products[c] = product;
        }
    }

    // The same with channels innermost, kColumns channels side by side: h and sums in one pass.
    void columns(std::int64_t start, std::int64_t rows, double* sums, double* products) const {
        const T *const m = centre, *const a = scale, *const b = offset;
        for (std::int64_t first = 0; first < chunks.channels; first += kColumns) {
            const std::int64_t n = std::min(kColumns, chunks.channels - first);
            T sum[kColumns] = {}, product[kColumns] = {};
            for (std::int64_t r = 0; r < rows; ++r) {
                const std::int64_t at = start + r * chunks.channels + first;
                const T* __restrict g_row = g + at;
                const T* __restrict x_row = x + at;
                T* __restrict dx_row = dx + at;
#pragma GCC ivdep
                for (std::int64_t i = 0; i < n; ++i) {
                    const T d = x_row[i] - m[first + i];
                    T h = g_row[i];
                    if constexpr (Silu) {
                        h *= activation_derivative<Silu>(d * a[first + i] + b[first + i]);
                        dx_row[i] = h;
                    }
                    sum[i] += h;
                    product[i] += h * d;
                }
            }
            std::copy_n(sum, n, sums + first);
            std::copy_n(product, n, products + first);
        }
    }
};

template <bool Silu, class T>
void chunk_gradient_sums(const Chunks& chunks, T* dx, const T* gradient, const T* data,
                         std::int64_t chunk, Coefficients<T>& k, Partials& partials) {
    const std::int64_t set = chunks.set_of(chunk / chunks.pieces);
    const GradientSums<Silu, T> of{.chunks = chunks,
                                   .dx = dx,
                                   .g = gradient,
                                   .x = data,
                                   .centre = k.centre(set),
                                   .scale = k.scale(set),
                                   .offset = k.offset(set)};
    const std::int64_t start = chunks.chunk_start(chunk), n = chunks.chunk_size(chunk);
    if (chunks.channels_inner)
        of.columns(start, n, partials.first(chunk), partials.second(chunk));
    else
        of.lines(start, n, partials.first(chunk), partials.second(chunk));
}

// dx = scale g + ((x - centre) rstd) slope + shift; g may be dx.
template <class T>
void apply_gradient(const Chunks& chunks, T* dx, const T* gradient, const T* data,
                    std::int64_t chunk, Coefficients<T>& k) {
    const std::int64_t set = chunks.set_of(chunk / chunks.pieces);
    const std::int64_t n = chunks.chunk_size(chunk), start = chunks.chunk_start(chunk);
    const T* __restrict centre = k.centre(set);
    const T* __restrict scale = k.scale(set);
    const T* __restrict rstd = k.rstd(set);
    const T* __restrict slope = k.slope(set);
    const T* __restrict shift = k.shift(set);
    if (chunks.channels_inner) {
        for (std::int64_t r = 0; r < n; ++r) {
            const std::int64_t at = start + r * chunks.channels;
            const T* x = data + at;
            const T* g = gradient + at;
            T* d = dx + at;
#pragma GCC ivdep
            for (std::int64_t c = 0; c < chunks.channels; ++c)
                d[c] = scale[c] * g[c] + ((x[c] - centre[c]) * rstd[c] * slope[c] + shift[c]);
        }
        return;
    }
    for (std::int64_t c = 0; c < chunks.channels; ++c) {
        const std::int64_t at = start + c * chunks.pixels;
        const T* x = data + at;
        const T* g = gradient + at;
        T* d = dx + at;
        const T m = centre[c], a = scale[c], r = rstd[c], p = slope[c], q = shift[c];
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) d[i] = a * g[i] + ((x[i] - m) * r * p + q);
    }
}

// Adds a set's sums up in its first chunk, with products about the true mean: sum h (x - mean).
// From them slope and shift: with means over the set and the weights w,
//     dx = rstd (w h - mean(w h) - (x - mean) rstd^2 mean(w h (x - mean)))
// If the statistics are `constant`, only the first term is left.
template <class T>
void join_gradient_sums(const Chunks& chunks, std::int64_t set, Partials& partials,
                        const Parameters<T>& parameters, Coefficients<T>& k, bool constant) {
    const std::int64_t first = set * chunks.chunks_of_set(), last = first + chunks.chunks_of_set();
    double* const sums = partials.first(first);
    double* const products = partials.second(first);
    for (std::int64_t chunk = first + 1; chunk < last; ++chunk)
        for (std::int64_t i = 0; i < 2 * chunks.channels; ++i)  // both kinds
            sums[i] += partials.first(chunk)[i];
    for (std::int64_t g = 0; g < chunks.groups; ++g) {
        const std::int64_t from = g * chunks.group_channels, to = from + chunks.group_channels;
        const double rest = parameters.mean(set, from) - static_cast<double>(k.centre(set)[from]);
        const double r = parameters.rstd(set, from);
        double sum = 0, product = 0;
        for (std::int64_t c = from; c < to; ++c) {
            products[c] -= rest * sums[c];
            sum += static_cast<double>(parameters.weights(set)[c]) * sums[c];
            product += static_cast<double>(parameters.weights(set)[c]) * products[c];
        }
        const double slope = constant ? 0 : -r * r * product / chunks.set_size();
        const double shift = constant ? 0 : -r * sum / chunks.set_size() - slope * r * rest;
        std::fill(k.rstd(set) + from, k.rstd(set) + to, static_cast<T>(r));
        std::fill(k.slope(set) + from, k.slope(set) + to, static_cast<T>(slope));
        std::fill(k.shift(set) + from, k.shift(set) + to, static_cast<T>(shift));
    }
}

// dweight and dbias [rows, channels] from the sums of the sets: each sample has rows of its own, or
// the sets are added up, in order.
template <class T>
void parameter_gradients(T* dw, T* db, const Parameters<T>& parameters, Partials& partials) {
    const Chunks& chunks = parameters.chunks;
    const bool row_of_each = parameters.rows > 1;
    std::vector<double> bias_sums(static_cast<std::size_t>(chunks.channels));
    std::vector<double> weight_sums(bias_sums.size());
    for (std::int64_t set = 0; set < chunks.sets; ++set) {
        const double* const sums = partials.first(set * chunks.chunks_of_set());
        const double* const products = partials.second(set * chunks.chunks_of_set());
        if (row_of_each) {
            std::fill(bias_sums.begin(), bias_sums.end(), 0);
            std::fill(weight_sums.begin(), weight_sums.end(), 0);
        }
        for (std::int64_t group = 0; group < chunks.groups; ++group) {
            const std::int64_t first = group * chunks.group_channels;
            const double r = parameters.rstd(set, first);
            for (std::int64_t c = first; c < first + chunks.group_channels; ++c) {
                bias_sums[static_cast<std::size_t>(c)] += sums[c];
                weight_sums[static_cast<std::size_t>(c)] += r * products[c];
            }
        }
        if (!row_of_each && set + 1 < chunks.sets) continue;
        const std::int64_t target = row_of_each ? set * chunks.channels : 0;
        for (std::int64_t c = 0; c < chunks.channels; ++c) {
            db[target + c] = static_cast<T>(bias_sums[static_cast<std::size_t>(c)]);
            dw[target + c] = static_cast<T>(weight_sums[static_cast<std::size_t>(c)]);
        }
    }
}

template <bool Silu, class T>
void backward_typed(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                    const Tensor& statistics, const Tensor& x, const Tensor& weight,
                    const Tensor& bias, const GroupNormOptions& options, bool constant) {
    const Chunks chunks(x, options);
    const Parameters<T> parameters(chunks, statistics, weight, bias, options.epsilon);
    const T* const from = static_cast<const T*>(x.raw_data());
    const T* const gradient = static_cast<const T*>(g.raw_data());
    T* const to = static_cast<T*>(dx.raw_data());
    Partials partials(chunks);
    Coefficients<T> coefficients(chunks.sets, chunks.channels);
    for (std::int64_t set = 0; set < chunks.sets; ++set) parameters.fill(coefficients, set);
    chunks.run(
        [&](std::int64_t chunk) {
            chunk_gradient_sums<Silu>(chunks, to, gradient, from, chunk, coefficients, partials);
        },
        [&](std::int64_t set) {
            join_gradient_sums(chunks, set, partials, parameters, coefficients, constant);
        },
        [&](std::int64_t chunk) {
            apply_gradient(chunks, to, Silu ? to : gradient, from, chunk, coefficients);
        });
    parameter_gradients(static_cast<T*>(dweight.raw_data()), static_cast<T*>(dbias.raw_data()),
                        parameters, partials);
}

}  // namespace

void group_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                         const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const GroupNormOptions& options, bool constant) {
    choose(x, options.silu, [&]<bool Silu, class T>() {
        backward_typed<Silu, T>(dx, dweight, dbias, g, statistics, x, weight, bias, options,
                                constant);
    });
}

}  // namespace eps::kernels::cpu
