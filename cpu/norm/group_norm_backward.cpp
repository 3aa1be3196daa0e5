// The gradients of group and batch norm.
#include "cpu/norm/group_norm.h"
#include "cpu/norm/norm.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cpu {
using namespace grouped;
namespace {

// d silu / dz = s (1 + z (1 - s)), s = sigmoid(z)
template <bool Silu, class T> EPS_HD T slope_at(T z) {
    if constexpr (!Silu) return T(1);
    const T s = math::sigmoid(z);
    return s * (T(1) + z * (T(1) - s));
}

// sum g and sum g (x - centre) of each channel; with silu, g goes through its slope first, into dx.
template <bool Silu, class T>
void chunk_gradient_sums(const Images& images, T* dx, const T* gradient, const T* data,
                         std::int64_t chunk, Coefficients<T>& k, Partials& partials) {
    const std::int64_t set = images.set_of(chunk / images.pieces), rows = images.chunk_size(chunk),
                       start = images.chunk_start(chunk);
    const T* const centre = k.centre(set);
    const T* const scale = k.scale(set);
    const T* const offset = k.offset(set);
    double* const sums = partials.first(chunk);
    double* const products = partials.second(chunk);
    if (!images.channels_inner) {
        for (std::int64_t c = 0; c < images.channels; ++c) {
            const T* __restrict g = gradient + start + c * images.places;
            const T* __restrict x = data + start + c * images.places;
            T* __restrict through = dx + start + c * images.places;
            const T m = centre[c], a = scale[c], b = offset[c];
            if constexpr (Silu)
#pragma GCC ivdep
                for (std::int64_t i = 0; i < rows; ++i)
                    through[i] = g[i] * slope_at<Silu>((x[i] - m) * a + b);
            const T* __restrict h = Silu ? through : g;
            T sum, product;
            sum_line_pairs<T>(rows, sum, product, [=](std::int64_t i, T& s, T& p) {
                s += h[i];
                p += h[i] * (x[i] - m);
            });
            sums[c] = sum;
            products[c] = product;
        }
        return;
    }
    for (std::int64_t first = 0; first < images.channels; first += kColumns) {
        const std::int64_t n = std::min(kColumns, images.channels - first);
        T sum[kColumns] = {}, product[kColumns] = {};
        for (std::int64_t r = 0; r < rows; ++r) {
            const std::int64_t at = start + r * images.channels + first;
            const T* __restrict g = gradient + at;
            const T* __restrict x = data + at;
            T* __restrict through = dx + at;
#pragma GCC ivdep
            for (std::int64_t i = 0; i < n; ++i) {
                const T d = x[i] - centre[first + i];
                T h = g[i];
                if constexpr (Silu) {
                    h *= slope_at<Silu>(d * scale[first + i] + offset[first + i]);
                    through[i] = h;
                }
                sum[i] += h;
                product[i] += h * d;
            }
        }
        std::copy_n(sum, n, sums + first);
        std::copy_n(product, n, products + first);
    }
}

template <class T>
void apply_gradient(const Images& images, T* dx, const T* gradient, const T* data,
                    std::int64_t chunk, Coefficients<T>& k) {
    const std::int64_t set = images.set_of(chunk / images.pieces), n = images.chunk_size(chunk),
                       start = images.chunk_start(chunk);
    const T* __restrict centre = k.centre(set);
    const T* __restrict scale = k.scale(set);
    const T* __restrict slope = k.slope(set);
    const T* __restrict shift = k.shift(set);
    if (images.channels_inner) {
        for (std::int64_t r = 0; r < n; ++r) {
            const std::int64_t at = start + r * images.channels;
            const T* x = data + at;
            const T* g = gradient + at;  // may be dx
            T* d = dx + at;
#pragma GCC ivdep
            for (std::int64_t c = 0; c < images.channels; ++c)
                d[c] = scale[c] * g[c] + ((x[c] - centre[c]) * slope[c] + shift[c]);
        }
        return;
    }
    for (std::int64_t c = 0; c < images.channels; ++c) {
        const std::int64_t at = start + c * images.places;
        const T* x = data + at;
        const T* g = gradient + at;
        T* d = dx + at;
        const T m = centre[c], a = scale[c], p = slope[c], q = shift[c];
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) d[i] = a * g[i] + ((x[i] - m) * p + q);
    }
}

// The sums of a set's chunks go into its first chunk, those of products from the true mean on: sum
// g (x - mean). Then, with r = 1 / deviation and means over the set,  dx = r (w g - mean(w g) - (x
// - mean) r^2 mean(w g (x - mean))).
template <class T>
void join_gradient_sums(const Images& images, std::int64_t set, Partials& partials,
                        const Parameters<T>& parameters, Coefficients<T>& k, bool constant) {
    const std::int64_t first = set * images.chunks_of_set(), last = first + images.chunks_of_set();
    double* const sums = partials.first(first);
    double* const products = partials.second(first);
    for (std::int64_t chunk = first + 1; chunk < last; ++chunk)
        // sums, then products
        for (std::int64_t i = 0; i < 2 * images.channels; ++i) sums[i] += partials.first(chunk)[i];
    for (std::int64_t g = 0; g < images.groups; ++g) {
        const std::int64_t from = g * images.group_channels, to = from + images.group_channels;
        const double rest = parameters.mean(set, from) - static_cast<double>(k.centre(set)[from]),
                     r = parameters.deviation_inverse(set, from);
        double sum = 0, product = 0;
        for (std::int64_t c = from; c < to; ++c) {
            products[c] -= rest * sums[c];
            sum += static_cast<double>(parameters.weights(set)[c]) * sums[c];
            product += static_cast<double>(parameters.weights(set)[c]) * products[c];
        }
        const double slope = constant ? 0 : -r * r * r * product / images.set_size();
        const double shift = constant ? 0 : -r * sum / images.set_size() - slope * rest;
        std::fill(k.slope(set) + from, k.slope(set) + to, static_cast<T>(slope));
        std::fill(k.shift(set) + from, k.shift(set) + to, static_cast<T>(shift));
    }
}

template <bool Silu, class T>
void backward_typed(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g,
                    const Tensor& statistics, const Tensor& x, const Tensor& weight,
                    const Tensor& bias, const GroupNormOptions& options, bool constant) {
    const Images images(x, options);
    const Parameters<T> parameters(images, statistics, weight, bias, options.epsilon);
    const T* const from = static_cast<const T*>(x.raw_data());
    const T* const gradient = static_cast<const T*>(g.raw_data());
    T* const to = static_cast<T*>(dx.raw_data());
    Partials partials(images);
    Coefficients<T> coefficients(images.sets, images.channels);
    for (std::int64_t set = 0; set < images.sets; ++set) parameters.fill(coefficients, set);
    images.run(
        [&](std::int64_t chunk) {
            chunk_gradient_sums<Silu>(images, to, gradient, from, chunk, coefficients, partials);
        },
        [&](std::int64_t set) {
            join_gradient_sums(images, set, partials, parameters, coefficients, constant);
        },
        [&](std::int64_t chunk) {
            apply_gradient(images, to, Silu ? to : gradient, from, chunk, coefficients);
        });

    T* const dw = static_cast<T*>(dweight.raw_data());
    T* const db = static_cast<T*>(dbias.raw_data());
    std::vector<double> row(static_cast<std::size_t>(2 * images.channels));
    for (std::int64_t set = 0; set < images.sets; ++set) {
        const double* const sums = partials.first(set * images.chunks_of_set());
        const bool starts = parameters.rows > 1 || set == 0,
                   ends = parameters.rows > 1 || set + 1 == images.sets;
        if (starts) std::fill(row.begin(), row.end(), 0);
        for (std::int64_t grp = 0; grp < images.groups; ++grp) {
            const double r = parameters.deviation_inverse(set, grp * images.group_channels);
            for (std::int64_t c = grp * images.group_channels;
                 c < (grp + 1) * images.group_channels; ++c) {
                row[static_cast<std::size_t>(c)] += sums[c];
                row[static_cast<std::size_t>(images.channels + c)] += r * sums[images.channels + c];
            }
        }
        const std::int64_t target = parameters.rows > 1 ? set * images.channels : 0;
        for (std::int64_t c = 0; ends && c < images.channels; ++c) {
            db[target + c] = static_cast<T>(row[static_cast<std::size_t>(c)]);
            dw[target + c] = static_cast<T>(row[static_cast<std::size_t>(images.channels + c)]);
        }
    }
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
