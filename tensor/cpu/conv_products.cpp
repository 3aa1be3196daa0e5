// Convolutions that are matrix products: filters of one tap, results of one pixel, results of few channels.
#include <algorithm>

#include "tensor/cpu/conv.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/tile.h"
#include "tensor/create.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

template <class T>
bool is_dense(const Image<T>& x) { return x.pixel == x.channels && x.line == x.width * x.pixel && x.batch == x.height * x.line; }

template <class T>
void fill_with(T* to, std::int64_t count, std::int64_t channels, std::int64_t pixel, const T* bias) {
    for (std::int64_t i = 0; i < count; ++i) bias ? std::copy_n(bias, channels, to + i * pixel) : std::fill_n(to + i * pixel, channels, T(0));
}

/// Calls f(tap, pixel of the image) for every tap that a correlation's only result sees.
template <class T, class F>
void for_each_tap_inside(const Correlation<T>& c, const F& f) {
    for (std::int64_t u = 0; u < c.filters.height; ++u)
        for (std::int64_t v = 0; v < c.filters.width; ++v) {
            const std::int64_t y = u * c.step_y - c.before_y, x = v * c.step_x - c.before_x;
            if (y >= 0 && y < c.in.height && x >= 0 && x < c.in.width) f(u * c.filters.y + v * c.filters.x, y * c.in.line + x * c.in.pixel);
        }
}

}  // namespace

template <class T>
bool is_pixelwise(const Image<const T>& out, const Correlation<T>& c) {
    return c.filters.height == 1 && c.filters.width == 1 && c.stride_y == 1 && c.stride_x == 1 && c.before_y == 0 && c.before_x == 0 && c.groups == 1 &&
           out.height == c.in.height && out.width == c.in.width && is_dense(out) && is_dense(c.in);
}

template <class T>
void correlate_pixels(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    const std::int64_t pixels = out.batch_count * out.height * out.width;
    if (bias) fill_with(out.data, pixels, out.channels, out.pixel, bias);
    Gemm<T>{.m = pixels, .n = out.channels, .k = c.in.channels, .a = c.in.data, .a_row = c.in.pixel, .a_column = 1, .b = c.filters.data,
            .b_row = c.filters.in, .b_column = c.filters.out, .c = out.data, .c_row = out.pixel, .accumulate = bias != nullptr}.run();
}

template <class T>
bool is_single_pixel(const Image<const T>& y, const Correlation<T>& c) {
    return y.height == 1 && y.width == 1 && c.groups == 1 && c.filters.height * c.filters.width > 1;
}

template <class T>
void correlate_single(const Image<T>& y, const Correlation<T>& c, const T* bias) {
    fill_with(y.data, y.batch_count, y.channels, y.batch, bias);
    for_each_tap_inside(c, [&](std::int64_t tap, std::int64_t pixel) {
        Gemm<T>{.m = y.batch_count, .n = y.channels, .k = c.in.channels, .a = c.in.data + pixel, .a_row = c.in.batch, .a_column = 1,
                .b = c.filters.data + tap, .b_row = c.filters.in, .b_column = c.filters.out, .c = y.data, .c_row = y.batch, .accumulate = true}.run();
    });
}

template <class T>
void correlate_single_input(const Image<T>& x, const Correlation<T>& c, const Image<const T>& y, const T* bias) {
    for (std::int64_t b = 0; b < x.batch_count; ++b)
        for (std::int64_t i = 0; i < x.height; ++i) fill_with(x.data + b * x.batch + i * x.line, x.width, x.channels, x.pixel, bias);
    std::vector<Gemm<T>> products;
    for_each_tap_inside(c, [&](std::int64_t tap, std::int64_t pixel) {
        products.push_back({.m = y.batch_count, .n = x.channels, .k = y.channels, .a = y.data, .a_row = y.batch, .a_column = 1, .b = c.filters.data + tap,
                            .b_row = c.filters.out, .b_column = c.filters.in, .c = x.data + pixel, .c_row = x.batch, .accumulate = bias != nullptr});
    });
    parallel_for(static_cast<std::int64_t>(products.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) products[static_cast<std::size_t>(i)].run();
    });
}

template <class T>
void correlate_single_weight(const Filters<T>& dw, const Image<const T>& y, const Correlation<T>& c) {
    for (std::int64_t k = 0; k < y.channels; ++k) std::fill_n(dw.data + k * dw.out, c.in.channels * dw.height * dw.width, T(0));
    struct Tap {
        std::int64_t tap, pixel;
    };
    std::vector<Tap> taps;
    for_each_tap_inside(c, [&](std::int64_t tap, std::int64_t pixel) { taps.push_back({tap, pixel}); });
    const std::int64_t in = c.in.channels, out = y.channels;
    parallel_for(static_cast<std::int64_t>(taps.size()), 1, [&](std::int64_t begin, std::int64_t end) {
        const Tensor product = empty({out, in}, {.dtype = dtype_of<T>});
        T* const sums = static_cast<T*>(product.raw_data());
        for (std::int64_t i = begin; i < end; ++i) {
            const auto [tap, pixel] = taps[static_cast<std::size_t>(i)];
            Gemm<T>{.m = out, .n = in, .k = y.batch_count, .a = y.data, .a_row = 1, .a_column = y.batch, .b = c.in.data + pixel, .b_row = c.in.batch,
                    .b_column = 1, .c = sums, .c_row = in}.run();
            for (std::int64_t k = 0; k < out; ++k)
                for (std::int64_t channel = 0; channel < in; ++channel) dw.data[k * dw.out + channel * dw.in + tap] = sums[k * in + channel];
        }
    });
}

template <class T>
bool has_few_results(const Image<const T>& out, const Correlation<T>& c) {
    return 2 * out.channels <= kLanes<T> && c.in.channels >= kLanes<T> && c.stride_y == 1 && c.stride_x == 1 && c.groups == 1 &&
           c.filters.height * c.filters.width > 1;
}

template <class T>
void correlate_few(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    const std::int64_t taps = c.filters.height * c.filters.width, in = c.in.channels, n = taps * out.channels, pixels = c.in.height * c.in.width;
    const Tensor packed = empty({in, n}, {.dtype = dtype_of<T>});  // [c][u, v, k]
    T* const w = static_cast<T*>(packed.raw_data());
    for (std::int64_t channel = 0; channel < in; ++channel)
        for (std::int64_t tap = 0; tap < taps; ++tap)
            for (std::int64_t k = 0; k < out.channels; ++k)
                w[channel * n + tap * out.channels + k] =
                    c.filters.data[k * c.filters.out + channel * c.filters.in + tap / c.filters.width * c.filters.y + tap % c.filters.width * c.filters.x];
    parallel_for(out.batch_count, 1, [&](std::int64_t begin, std::int64_t end) {
        const Tensor buffer = empty({pixels, n}, {.dtype = dtype_of<T>});  // what each pixel adds to the results around it
        T* const p = static_cast<T*>(buffer.raw_data());
        for (std::int64_t b = begin; b < end; ++b) {
            for (std::int64_t y = 0; y < c.in.height; ++y)
                Gemm<T>{.m = c.in.width, .n = n, .k = in, .a = c.in.data + b * c.in.batch + y * c.in.line, .a_row = c.in.pixel, .a_column = 1, .b = w,
                        .b_row = n, .b_column = 1, .c = p + y * c.in.width * n, .c_row = n}.run();
            for (std::int64_t i = 0; i < out.height; ++i) {
                T* const line = out.data + b * out.batch + i * out.line;
                fill_with(line, out.width, out.channels, out.pixel, bias);
                for (std::int64_t u = 0; u < c.filters.height; ++u) {
                    const std::int64_t y = i + u * c.step_y - c.before_y;
                    if (y < 0 || y >= c.in.height) continue;
                    for (std::int64_t v = 0; v < c.filters.width; ++v) {
                        const std::int64_t shift = v * c.step_x - c.before_x, first = std::max<std::int64_t>(0, -shift);
                        const std::int64_t last = std::min(out.width, c.in.width - shift);
                        const T* const from = p + (y * c.in.width + shift) * n + (u * c.filters.width + v) * out.channels;
                        for (std::int64_t j = first; j < last; ++j)
                            for (std::int64_t k = 0; k < out.channels; ++k) line[j * out.pixel + k] += from[j * n + k];
                    }
                }
            }
        }
    });
}

#define EPS_INSTANTIATE(T)                                                                                        \
    template bool is_pixelwise(const Image<const T>&, const Correlation<T>&);                                     \
    template void correlate_pixels(const Image<T>&, const Correlation<T>&, const T*);                             \
    template bool is_single_pixel(const Image<const T>&, const Correlation<T>&);                                  \
    template void correlate_single(const Image<T>&, const Correlation<T>&, const T*);                             \
    template void correlate_single_input(const Image<T>&, const Correlation<T>&, const Image<const T>&, const T*); \
    template void correlate_single_weight(const Filters<T>&, const Image<const T>&, const Correlation<T>&);       \
    template bool has_few_results(const Image<const T>&, const Correlation<T>&);                                  \
    template void correlate_few(const Image<T>&, const Correlation<T>&, const T*);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
