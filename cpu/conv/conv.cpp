// The convolution triple, and which algorithm computes it.
//
// Every member is brought to correlations (correlation.h):
//     conv2d         one correlation of x
//     conv2d_input   the transposed convolution: for every phase of x's pixels, a correlation of y
//                    without a stride (transposed.h, tensor/contract/strided_conv.h)
//     conv2d_weight  the adjoint, in the filters, of conv2d's correlation
// Each takes the first of these paths that fits:
//
//     path             fits                                        because
//     matrix_products  1x1 filters, results of one pixel           it is a matrix product
//     few_channels     results of at most half a register of       tiles would be nearly empty
//                      channels, from at least a register
//     winograd         2x2 and 3x3 filters, channels in whole      it needs 2.56 and 4 times fewer
//                      registers, no groups, no dilation           products
//     direct           all others
//
// Winograd also takes strides: with stride s, a filter of 2s x 2s or 3s x 3s positions is the sum
// of s^2 filters of 2x2 or 3x3 without a stride (winograd_parts), such as the 4x4 filters of stride
// 2 in DCGAN. No path depends on the number of threads, so the bits do not either.
#include <vector>

#include "cpu/conv/correlation.h"
#include "cpu/conv/direct.h"
#include "cpu/conv/few_channels.h"
#include "cpu/conv/matrix_products.h"
#include "cpu/conv/transposed.h"
#include "cpu/conv/winograd.h"
#include "tensor/contract/kernels.h"
#include "tensor/contract/strided_conv.h"
#include "tensor/numbers.h"

namespace eps::kernels::cpu {
namespace {

// x [B, C, H, W], channels-last in memory
template <class T> Image<T> image_of(const Tensor& x) {
    const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3);
    return {.data = static_cast<T*>(x.raw_data()),
            .batch = height * width * channels,
            .line = width * channels,
            .pixel = channels,
            .batch_count = x.size(0),
            .height = height,
            .width = width,
            .channels = channels};
}

// w [K, C / groups, h, w], row-major
template <class T> Filters<T> filters_of(const Tensor& w) {
    const std::int64_t height = w.size(2), width = w.size(3);
    return {.data = static_cast<T*>(w.raw_data()),
            .out = w.size(1) * height * width,
            .in = height * width,
            .y = width,
            .x = 1,
            .height = height,
            .width = width};
}

template <class T>
Correlation<T> correlation_of(const Tensor& x, const Tensor& w, const ConvGeometry& g) {
    return {.in = image_of<const T>(x),
            .filters = filters_of<const T>(w),
            .stride_y = g.stride[0],
            .stride_x = g.stride[1],
            .dilation_y = g.dilation[0],
            .dilation_x = g.dilation[1],
            .padding_y = g.padding[0],
            .padding_x = g.padding[1],
            .groups = g.groups};
}

template <class T> const T* data_or_null(const Tensor& x) {
    return x.defined() ? static_cast<const T*>(x.raw_data()) : nullptr;
}

// Every stride_y-th kernel position from (u, v) on, and every stride_x-th of a line.
template <class T>
Filters<T> every_nth(const Filters<T>& w, std::int64_t u, std::int64_t v, std::int64_t stride_y,
                     std::int64_t stride_x) {
    return {.data = w.data + u * w.y + v * w.x,
            .out = w.out,
            .in = w.in,
            .y = w.y * stride_y,
            .x = w.x * stride_x,
            .height = ceil_div(w.height - u, stride_y),
            .width = ceil_div(w.width - v, stride_x)};
}

/// A correlation with a stride, but without dilation, as the sum of stride_y * stride_x
/// correlations without one: each takes the kernel positions of one residue modulo the stride, in
/// the order of (u, v), and the pixels of one residue.
template <class T> std::vector<Correlation<T>> without_stride(const Correlation<T>& c) {
    const ConvDimension down{.inputs = c.in.height,
                             .positions = c.filters.height,
                             .stride = c.stride_y,
                             .padding = c.padding_y};
    const ConvDimension across{.inputs = c.in.width,
                               .positions = c.filters.width,
                               .stride = c.stride_x,
                               .padding = c.padding_x};
    std::vector<Correlation<T>> parts;
    for (std::int64_t u = 0; u < c.stride_y; ++u)
        for (std::int64_t v = 0; v < c.stride_x; ++v) {
            const ConvResidue y = conv_residue(down, u), x = conv_residue(across, v);
            Image<const T> in = c.in;
            in.data += y.first_input * in.line + x.first_input * in.pixel;
            in.line *= c.stride_y;
            in.pixel *= c.stride_x;
            in.height = y.inputs;
            in.width = x.inputs;
            parts.push_back({.in = in,
                             .filters = every_nth(c.filters, u, v, c.stride_y, c.stride_x),
                             .padding_y = y.padding,
                             .padding_x = x.padding});
        }
    return parts;
}

// The parts of c, all of one filter size, that Winograd computes together; none if it does not fit.
template <class T>
std::vector<Correlation<T>> winograd_parts(const Image<const T>& out, const Correlation<T>& c) {
    const bool square = c.filters.height == c.filters.width && c.stride_y == c.stride_x;
    if (!square || c.groups != 1 || c.has_dilation() || c.filters.height % c.stride_y != 0)
        return {};
    std::vector<Correlation<T>> parts = without_stride(c);
    for (const Correlation<T>& part : parts)
        if (!winograd_fits(out, part)) return {};
    return parts;
}

template <class T> void correlate(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    const Image<const T> extents = out;
    if (is_pixelwise(extents, c)) return correlate_pixelwise(out, c, bias);
    if (has_few_results(extents, c)) return correlate_few_results(out, c, bias);
    const auto parts = winograd_parts(extents, c);
    if (!parts.empty()) return correlate_winograd(out, parts, bias);
    correlate_direct(out, c, bias);
}

template <class T>
void run_conv2d(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
                const ConvGeometry& g) {
    const auto c = correlation_of<T>(x, w, g);
    const auto out = image_of<T>(y);
    if (is_single_pixel<T>(out, c)) return correlate_single_pixel(out, c, data_or_null<T>(bias));
    correlate(out, c, data_or_null<T>(bias));
}

// One group after the other: each has its own filters, with input channels of its own.
template <class T>
void run_conv2d_input(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias_tensor,
                      const ConvGeometry& g) {
    const auto target = image_of<T>(x);
    const auto source = image_of<const T>(y);
    const auto c = correlation_of<T>(x, w, g);
    const T* const bias = data_or_null<T>(bias_tensor);
    if (is_single_pixel(source, c)) return correlate_single_pixel_input(target, c, source, bias);
    if (has_few_inputs(c, source)) return correlate_few_inputs(target, c, source, bias);

    const std::int64_t in = x.size(1) / g.groups, out = y.size(1) / g.groups;
    for (std::int64_t group = 0; group < g.groups; ++group) {
        Image<T> x_group = target;
        x_group.data += group * in;
        x_group.channels = in;
        Image<const T> y_group = source;
        y_group.data += group * out;
        y_group.channels = out;
        Filters<const T> filters = c.filters;
        filters.data += group * out * filters.out;
        for (const TransposedPart<T>& part : transposed_parts(x_group, y_group, filters, g)) {
            const T* const group_bias = bias ? bias + group * in : nullptr;
            if (part.correlation)
                correlate(part.pixels, *part.correlation, group_bias);
            else
                fill_image(part.pixels, group_bias);
        }
    }
}

template <class T>
void run_conv2d_weight(Tensor& w, const Tensor& x, const Tensor& y, const ConvGeometry& g) {
    const auto dw = filters_of<T>(w);
    const auto c = correlation_of<T>(x, w, g);
    const auto dy = image_of<const T>(y);
    if (is_single_pixel(dy, c)) return correlate_single_pixel_weight(dw, dy, c);
    const auto parts = winograd_parts(dy, c);
    if (parts.empty()) return correlate_weight_direct(dw, dy, c);
    std::vector<Filters<T>> targets;
    for (std::int64_t u = 0; u < g.stride[0]; ++u)
        for (std::int64_t v = 0; v < g.stride[1]; ++v)
            targets.push_back(every_nth(dw, u, v, g.stride[0], g.stride[1]));
    correlate_weight_winograd(targets, dy, parts);
}

}  // namespace

void conv2d(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
            const ConvGeometry& geometry) {
    if (y.numel() == 0) return;
    visit_real(y.dtype(), [&]<class T>() { run_conv2d<T>(y, x, w, bias, geometry); });
}

void conv2d_input(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                  const ConvGeometry& geometry) {
    if (x.numel() == 0) return;
    visit_real(x.dtype(), [&]<class T>() { run_conv2d_input<T>(x, y, w, bias, geometry); });
}

void conv2d_weight(Tensor& w, const Tensor& x, const Tensor& y, const ConvGeometry& geometry) {
    if (w.numel() == 0) return;
    visit_real(w.dtype(), [&]<class T>() { run_conv2d_weight<T>(w, x, y, geometry); });
}

}  // namespace eps::kernels::cpu
