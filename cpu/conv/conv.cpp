// The convolution triple on the CPU: each member is brought to sums of correlations, and each
// correlation takes the path of its shape.
#include "cpu/conv/conv.h"

#include <algorithm>
#include <numeric>

#include "cpu/conv/winograd.h"
#include "tensor/create.h"

namespace eps::kernels::cpu {
namespace {

template <class T, class Pointer>
Image<T> image_of(Pointer* data, const Tensor& x) {  // [B, C, H, W], channels-last
    const std::int64_t c = x.size(1), h = x.size(2), w = x.size(3);
    return {static_cast<T*>(data), h * w * c, w * c, c, x.size(0), h, w, c};
}
template <class T> Image<const T> image_of(const Tensor& x) {
    return image_of<const T>(x.raw_data(), x);
}

template <class T> Filters<T> filters_of(const Tensor& w) {  // [K, C / groups, h, w], row-major
    const std::int64_t height = w.size(2), width = w.size(3);
    return {static_cast<T*>(w.raw_data()),
            w.size(1) * height * width,
            height * width,
            width,
            1,
            height,
            width};
}

template <class T>
Correlation<T> correlation_of(const Image<const T>& x, const Filters<const T>& w,
                              const ConvGeometry& g) {
    return {.in = x,
            .filters = w,
            .stride_y = g.stride[0],
            .stride_x = g.stride[1],
            .step_y = g.dilation[0],
            .step_x = g.dilation[1],
            .before_y = g.padding[0],
            .before_x = g.padding[1],
            .groups = g.groups};
}

template <class T> const T* data_or_null(const Tensor& x) {
    return x.defined() ? static_cast<const T*>(x.raw_data()) : nullptr;
}

// Every stride_y-th tap from u on, every stride_x-th from v on.
template <class T>
Filters<T> every_nth(const Filters<T>& w, std::int64_t u, std::int64_t v, std::int64_t stride_y,
                     std::int64_t stride_x) {
    return {w.data + u * w.y + v * w.x,
            w.out,
            w.in,
            w.y * stride_y,
            w.x * stride_x,
            (w.height - u + stride_y - 1) / stride_y,
            (w.width - v + stride_x - 1) / stride_x};
}

/// A correlation with a stride as the sum of stride_y * stride_x correlations without, one for each
/// residue of its taps; each reads the pixels of one residue. In the order of (u, v).
template <class T> std::vector<Correlation<T>> without_stride(const Correlation<T>& c) {
    std::vector<Correlation<T>> parts;
    const auto first_pixel = [](std::int64_t offset, std::int64_t stride) {
        return (offset % stride + stride) % stride;
    };
    for (std::int64_t u = 0; u < c.stride_y; ++u)
        for (std::int64_t v = 0; v < c.stride_x; ++v) {
            const std::int64_t y = first_pixel(u - c.before_y, c.stride_y),
                               x = first_pixel(v - c.before_x, c.stride_x);
            const Image<const T> in{c.in.data + y * c.in.line + x * c.in.pixel,
                                    c.in.batch,
                                    c.in.line * c.stride_y,
                                    c.in.pixel * c.stride_x,
                                    c.in.batch_count,
                                    (c.in.height - y + c.stride_y - 1) / c.stride_y,
                                    (c.in.width - x + c.stride_x - 1) / c.stride_x,
                                    c.in.channels};
            parts.push_back({.in = in,
                             .filters = every_nth(c.filters, u, v, c.stride_y, c.stride_x),
                             .before_y = (y - u + c.before_y) / c.stride_y,
                             .before_x = (x - v + c.before_x) / c.stride_x});
        }
    return parts;
}

// The parts that minimal filtering computes together, or none: those of one size of filter, however
// many.
template <class T>
std::vector<Correlation<T>> winograd_parts(const Image<const T>& out, const Correlation<T>& c) {
    if (c.groups != 1 || c.step_y != 1 || c.step_x != 1 || c.filters.height != c.filters.width ||
        c.stride_y != c.stride_x || c.filters.height % c.stride_y != 0)
        return {};
    std::vector<Correlation<T>> parts = without_stride(c);
    for (const Correlation<T>& part : parts)
        if (!winograd_fits(out, part)) return {};
    return parts;
}

template <class T> void correlate(const Image<T>& out, const Correlation<T>& c, const T* bias) {
    const Image<const T> extents{out.data,        out.batch,  out.line,  out.pixel,
                                 out.batch_count, out.height, out.width, out.channels};
    if (is_pixelwise(extents, c)) return correlate_pixels(out, c, bias);
    if (has_few_results(extents, c)) return correlate_few(out, c, bias);
    if (const auto parts = winograd_parts(extents, c); !parts.empty())
        return correlate_winograd(out, parts, bias);
    correlate_direct(out, c, bias);
}

/// The residues of one dimension of a correlation with a stride: result i, tap u reads input i
/// stride + u step - before. Inputs of one residue modulo the stride are reached by every
/// `every`-th tap from `first` on, `count` of them, one step of `step` inputs apart.
struct Phase {
    std::int64_t first, every, count, step;
};
Phase phase_of(std::int64_t residue, std::int64_t stride, std::int64_t taps, std::int64_t step) {
    const std::int64_t common = std::gcd(stride, step), every = stride / common;
    for (std::int64_t u = 0; u < std::min(taps, every); ++u)
        if (u * step % stride == residue)
            return {u, every, (taps - 1 - u) / every + 1, step / common};
    return {0, every, 0, step / common};
}

// The pixels x with (x + padding) % stride == residue: where the first is, and how many there are.
struct Comb {
    std::int64_t first, count;
};
Comb comb_of(std::int64_t residue, std::int64_t stride, std::int64_t padding, std::int64_t extent) {
    const std::int64_t first = ((residue - padding) % stride + stride) % stride;
    return {first, first < extent ? (extent - 1 - first) / stride + 1 : 0};
}

// Fills the pixels of `out` that no tap reaches.
template <class T> void fill_pixels(const Image<T>& out, const T* bias) {
    for (std::int64_t b = 0; b < out.batch_count; ++b)
        for (std::int64_t y = 0; y < out.height; ++y)
            for (std::int64_t x = 0; x < out.width; ++x) {
                T* const to = out.data + b * out.batch + y * out.line + x * out.pixel;
                bias ? std::copy_n(bias, out.channels, to) : std::fill_n(to, out.channels, T(0));
            }
}

// x = w^T y: each residue of x's pixels modulo the stride is a correlation of y, at stride 1, with
// the taps that reach it, turned around.
template <class T>
void scatter_input(const Image<T>& x, const Image<const T>& y, const Filters<const T>& w,
                   const ConvGeometry& g, const T* bias) {
    for (std::int64_t ry = 0; ry < g.stride[0]; ++ry)
        for (std::int64_t rx = 0; rx < g.stride[1]; ++rx) {
            const Comb cy = comb_of(ry, g.stride[0], g.padding[0], x.height),
                       cx = comb_of(rx, g.stride[1], g.padding[1], x.width);
            if (cy.count == 0 || cx.count == 0) continue;
            const Image<T> out{x.data + cy.first * x.line + cx.first * x.pixel,
                               x.batch,
                               g.stride[0] * x.line,
                               g.stride[1] * x.pixel,
                               x.batch_count,
                               cy.count,
                               cx.count,
                               x.channels};
            const Phase py = phase_of(ry, g.stride[0], w.height, g.dilation[0]),
                        px = phase_of(rx, g.stride[1], w.width, g.dilation[1]);
            if (py.count == 0 || px.count == 0) {
                fill_pixels(out, bias);
                continue;
            }
            // Pixel x is reached by tap u from y = (x + padding - u dilation) / stride; the last of
            // its taps comes first.
            const std::int64_t last_u = py.first + (py.count - 1) * py.every,
                               last_v = px.first + (px.count - 1) * px.every;
            const Filters<const T> turned{w.data + last_u * w.y + last_v * w.x,
                                          w.in,
                                          w.out,
                                          -py.every * w.y,
                                          -px.every * w.x,
                                          py.count,
                                          px.count};
            correlate(
                out,
                Correlation<T>{
                    .in = y,
                    .filters = turned,
                    .step_y = py.step,
                    .step_x = px.step,
                    .before_y = -(cy.first + g.padding[0] - last_u * g.dilation[0]) / g.stride[0],
                    .before_x = -(cx.first + g.padding[1] - last_v * g.dilation[1]) / g.stride[1],
                    .groups = g.groups},
                bias);
        }
}

template <class T>
void run_conv2d(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
                const ConvGeometry& g) {
    const Correlation<T> c = correlation_of(image_of<T>(x), filters_of<const T>(w), g);
    const Image<T> out = image_of<T>(y.raw_data(), y);
    is_single_pixel(image_of<T>(y), c) ? correlate_single(out, c, data_or_null<T>(bias))
                                       : correlate(out, c, data_or_null<T>(bias));
}

// Grouped filters are turned a group at a time: their input channels count from the group's first.
template <class T>
void run_conv2d_input(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                      const ConvGeometry& g) {
    const Image<T> target = image_of<T>(x.raw_data(), x);
    const Image<const T> from = image_of<T>(y);
    const Filters<const T> filters = filters_of<const T>(w);
    const Correlation<T> c = correlation_of(image_of<T>(x), filters, g);
    if (is_single_pixel(from, c))
        return correlate_single_input(target, c, from, data_or_null<T>(bias));
    if (has_few_inputs(c, from)) return correlate_few_input(target, c, from, data_or_null<T>(bias));
    ConvGeometry one = g;
    one.groups = 1;
    const std::int64_t in = x.size(1) / g.groups, out = y.size(1) / g.groups;
    for (std::int64_t group = 0; group < g.groups; ++group) {
        Image<T> part = target;
        part.data += group * in;
        part.channels = in;
        Image<const T> source = from;
        source.data += group * out;
        source.channels = out;
        Filters<const T> own = filters;
        own.data += group * out * own.out;
        const T* const own_bias = data_or_null<T>(bias);
        scatter_input(part, source, own, one, own_bias ? own_bias + group * in : nullptr);
    }
}

template <class T>
void run_conv2d_weight(Tensor& w, const Tensor& x, const Tensor& y, const ConvGeometry& g) {
    const Filters<T> dw = filters_of<T>(w);
    const Correlation<T> c = correlation_of(image_of<T>(x), filters_of<const T>(w), g);
    const Image<const T> from = image_of<T>(y);
    if (is_single_pixel(from, c)) return correlate_single_weight(dw, from, c);
    const auto parts = winograd_parts(from, c);
    if (parts.empty()) return correlate_weight_direct(dw, from, c);
    std::vector<Filters<T>> targets;
    for (std::int64_t u = 0; u < g.stride[0]; ++u)
        for (std::int64_t v = 0; v < g.stride[1]; ++v)
            targets.push_back(every_nth(dw, u, v, g.stride[0], g.stride[1]));
    correlate_weight_winograd(targets, from, parts);
}

}  // namespace

void conv2d(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
            const ConvGeometry& geometry) {
    if (y.numel() == 0) return;
    y.dtype() == DType::f64 ? run_conv2d<double>(y, x, w, bias, geometry)
                            : run_conv2d<float>(y, x, w, bias, geometry);
}

void conv2d_input(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                  const ConvGeometry& geometry) {
    if (x.numel() == 0) return;
    x.dtype() == DType::f64 ? run_conv2d_input<double>(x, y, w, bias, geometry)
                            : run_conv2d_input<float>(x, y, w, bias, geometry);
}

void conv2d_weight(Tensor& w, const Tensor& x, const Tensor& y, const ConvGeometry& geometry) {
    if (w.numel() == 0) return;
    w.dtype() == DType::f64 ? run_conv2d_weight<double>(w, x, y, geometry)
                            : run_conv2d_weight<float>(w, x, y, geometry);
}

}  // namespace eps::kernels::cpu
