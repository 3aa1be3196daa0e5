#include "cpu/conv/matrix_products.h"

#include <algorithm>
#include <vector>

#include "cpu/matmul/gemm.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

template <class T> bool is_dense(const Image<T>& x) {
    return x.pixel == x.channels && x.line == x.width * x.pixel && x.batch == x.height * x.line;
}

/// A kernel position and the pixel that it reads, as offsets into the filters and an image.
struct PositionAndPixel {
    std::int64_t position, pixel;
};

// The kernel positions that read a pixel inside the image, for a result of one pixel.
template <class T> std::vector<PositionAndPixel> positions_inside(const Correlation<T>& c) {
    std::vector<PositionAndPixel> inside;
    for (std::int64_t u = 0; u < c.filters.height; ++u)
        for (std::int64_t v = 0; v < c.filters.width; ++v) {
            const std::int64_t y = u * c.dilation_y - c.padding_y;
            const std::int64_t x = v * c.dilation_x - c.padding_x;
            if (y >= 0 && y < c.in.height && x >= 0 && x < c.in.width)
                inside.push_back(
                    {u * c.filters.y + v * c.filters.x, y * c.in.line + x * c.in.pixel});
        }
    return inside;
}

}  // namespace

template <class T>
void fill_with_bias(T* to, std::int64_t count, std::int64_t channels, std::int64_t pixel,
                    const T* bias) {
    for (std::int64_t i = 0; i < count; ++i)
        bias ? std::copy_n(bias, channels, to + i * pixel)
             : std::fill_n(to + i * pixel, channels, T(0));
}

template <class T> bool is_pixelwise(const Image<const T>& out, const Correlation<T>& c) {
    return c.filters.height == 1 && c.filters.width == 1 && !c.has_stride() && c.padding_y == 0 &&
           c.padding_x == 0 && c.groups == 1 && out.height == c.in.height &&
           out.width == c.in.width && is_dense(out) && is_dense(c.in);
}

// out [pixels, K] = in [pixels, C] w^T [C, K] + bias
template <class T>
void correlate_pixelwise(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    const std::int64_t pixels = out.batch_count * out.height * out.width;
    if (bias) fill_with_bias(out.data, pixels, out.channels, out.pixel, bias);
    Gemm<T>{.m = pixels,
            .n = out.channels,
            .k = c.in.channels,
            .a = c.in.data,
            .a_row = c.in.pixel,
            .a_column = 1,
            .b = c.filters.data,
            .b_row = c.filters.in,
            .b_column = c.filters.out,
            .c = out.data,
            .c_row = out.pixel,
            .accumulate = bias != nullptr}
        .run();
}

template <class T> bool is_single_pixel(const Image<const T>& y, const Correlation<T>& c) {
    return y.height == 1 && y.width == 1 && c.groups == 1 && c.filters.positions() > 1;
}

// y [B, K] = bias + the sum over kernel positions of  x [B, C] w^T [C, K]
template <class T>
void correlate_single_pixel(const Image<T>& y, const Correlation<T>& c, const T* bias) {
    fill_with_bias(y.data, y.batch_count, y.channels, y.batch, bias);
    for (const auto& [position, pixel] : positions_inside(c))
        Gemm<T>{.m = y.batch_count,
                .n = y.channels,
                .k = c.in.channels,
                .a = c.in.data + pixel,
                .a_row = c.in.batch,
                .a_column = 1,
                .b = c.filters.data + position,
                .b_row = c.filters.in,
                .b_column = c.filters.out,
                .c = y.data,
                .c_row = y.batch,
                .accumulate = true}
            .run();
}

// x [B, C] at each pixel = bias + y [B, K] w [K, C] at the kernel position that reads the pixel
template <class T>
void correlate_single_pixel_input(const Image<T>& x, const Correlation<T>& c,
                                  const Image<const T>& y, const T* bias) {
    for (std::int64_t b = 0; b < x.batch_count; ++b)
        for (std::int64_t i = 0; i < x.height; ++i)
            fill_with_bias(x.data + b * x.batch + i * x.line, x.width, x.channels, x.pixel, bias);
    const std::vector<PositionAndPixel> inside = positions_inside(c);
    const auto run = [&](const PositionAndPixel& at) {
        Gemm<T>{.m = y.batch_count,
                .n = x.channels,
                .k = y.channels,
                .a = y.data,
                .a_row = y.batch,
                .a_column = 1,
                .b = c.filters.data + at.position,
                .b_row = c.filters.out,
                .b_column = c.filters.in,
                .c = x.data + at.pixel,
                .c_row = x.batch,
                .accumulate = bias != nullptr}
            .run();
    };
    parallel_for(static_cast<std::int64_t>(inside.size()), 1,
                 [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i)
                         run(inside[static_cast<std::size_t>(i)]);
                 });
}

// dw [K, C] at each kernel position = y^T [K, B] x [B, C] at the pixel it reads
template <class T>
void correlate_single_pixel_weight(const Filters<T>& dw, const Image<const T>& y,
                                   const Correlation<T>& c) {
    const std::int64_t in = c.in.channels, out = y.channels;
    for (std::int64_t k = 0; k < out; ++k)
        std::fill_n(dw.data + k * dw.out, in * dw.positions(), T(0));
    const std::vector<PositionAndPixel> inside = positions_inside(c);
    const auto run = [&](const PositionAndPixel& at, T* product) {
        Gemm<T>{.m = out,
                .n = in,
                .k = y.batch_count,
                .a = y.data,
                .a_row = 1,
                .a_column = y.batch,
                .b = c.in.data + at.pixel,
                .b_row = c.in.batch,
                .b_column = 1,
                .c = product,
                .c_row = in}
            .run();
        for (std::int64_t k = 0; k < out; ++k)
            for (std::int64_t channel = 0; channel < in; ++channel)
                dw.data[k * dw.out + channel * dw.in + at.position] = product[k * in + channel];
    };
    parallel_for(
        static_cast<std::int64_t>(inside.size()), 1, [&](std::int64_t begin, std::int64_t end) {
            const Tensor product = empty({out, in}, {.dtype = dtype_of<T>});
            for (std::int64_t i = begin; i < end; ++i)
                run(inside[static_cast<std::size_t>(i)], static_cast<T*>(product.raw_data()));
        });
}

#define EPS_INSTANTIATE(T)                                                                  \
    template void fill_with_bias(T*, std::int64_t, std::int64_t, std::int64_t, const T*);   \
    template bool is_pixelwise(const Image<const T>&, const Correlation<T>&);               \
    template void correlate_pixelwise(const Image<T>&, const Correlation<T>&, const T*);    \
    template bool is_single_pixel(const Image<const T>&, const Correlation<T>&);            \
    template void correlate_single_pixel(const Image<T>&, const Correlation<T>&, const T*); \
    template void correlate_single_pixel_input(const Image<T>&, const Correlation<T>&,      \
                                               const Image<const T>&, const T*);            \
    template void correlate_single_pixel_weight(const Filters<T>&, const Image<const T>&,   \
                                                const Correlation<T>&);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
