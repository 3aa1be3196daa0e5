// Convolutions of one to three dimensions, and their transposes. One of three dimensions is a sum
// of two-dimensional ones over the depth of the weight.
#include "autograd/ops/image/conv.h"

#include <algorithm>

#include "tests/conformance/onnx/ops/common.h"
#include "tests/conformance/onnx/ops/window.h"

namespace eps::conformance {
namespace {

Tensor with_bias(const Tensor& x, const Tensor& bias) {
    return bias.defined() ? x + reshape(bias, {-1, 1, 1, 1}) : x;
}

// The planes of x that are multiplied with plane k of the weight become a batch of images:
// [B, C, D, H, W] -> [B D', C, H, W].
Tensor convolution_3d(const Tensor& image, const Tensor& weight, const Tensor& bias,
                      std::vector<WindowDim> window, std::int64_t groups) {
    const Tensor x = pad_window(image, window);
    const std::vector<WindowDim> plane(window.begin() + 1, window.end());
    const WindowDim& w = window[0];
    const std::int64_t b = x.size(0);
    const std::int64_t channels = x.size(1);
    const std::int64_t depth = (x.size(2) - w.extent()) / w.stride + 1;
    Tensor total;
    for (std::int64_t k = 0; k < w.size; ++k) {
        const Tensor planes = narrow(slice(x, 2, k * w.dilation, INT64_MAX, w.stride), 2, 0, depth);
        const Tensor images =
            reshape(permute(planes, {0, 2, 1, 3, 4}), {b * depth, channels, x.size(3), x.size(4)});
        const Tensor part = convolution(images, select(weight, 2, k), Tensor(), plane, groups);
        total = total.defined() ? total + part : part;
    }
    return with_bias(
        permute(reshape(total, {b, depth, total.size(1), total.size(2), total.size(3)}),
                {0, 2, 1, 3, 4}),
        bias);
}

Results conv(const Call& c) {
    return convolution(c[0], c[1], c.optional(2), window_of(c, c[0], kernel_sizes(c, c[1])),
                       c.integer("group", 1));
}

Tensor transposed(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const std::vector<WindowDim>& w, const std::vector<std::int64_t>& more,
                  std::int64_t groups);

// Each plane of x contributes, through each plane of the weight, to one plane of the result.
Tensor transposed_3d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                     const std::vector<WindowDim>& window, const std::vector<std::int64_t>& more,
                     std::int64_t groups) {
    const std::vector<WindowDim> plane(window.begin() + 1, window.end());
    const WindowDim& w = window[0];
    const std::int64_t b = x.size(0);
    const std::int64_t depth = x.size(2);
    const std::int64_t full = (depth - 1) * w.stride + w.extent() + more[0];
    const Tensor images =
        reshape(permute(x, {0, 2, 1, 3, 4}), {b * depth, x.size(1), x.size(3), x.size(4)});
    Tensor total;
    for (std::int64_t k = 0; k < w.size; ++k) {
        const Tensor part =
            transposed(images, select(weight, 2, k), Tensor(), plane, {more[1], more[2]}, groups);
        const Tensor planes = permute(
            reshape(part, {b, depth, part.size(1), part.size(2), part.size(3)}), {0, 2, 1, 3, 4});
        const Tensor placed =
            slice_backward(planes, {b, planes.size(1), full, planes.size(3), planes.size(4)}, 2,
                           k * w.dilation, w.stride);
        total = total.defined() ? total + placed : placed;
    }
    return with_bias(narrow(total, 2, w.before, full - w.before - w.after), bias);
}

// `more` is the output padding.
Tensor transposed(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const std::vector<WindowDim>& w, const std::vector<std::int64_t>& more,
                  std::int64_t groups) {
    if (w.size() == 3) return transposed_3d(x, weight, bias, w, more, groups);
    if (w.size() == 1)
        return conv_transpose1d(x, weight, bias,
                                {.stride = w[0].stride,
                                 .padding = w[0].before,
                                 .output_padding = more[0],
                                 .dilation = w[0].dilation,
                                 .groups = groups});
    return conv_transpose2d(x, weight, bias,
                            {.stride = {w[0].stride, w[1].stride},
                             .padding = {w[0].before, w[1].before},
                             .output_padding = {more[0], more[1]},
                             .dilation = {w[0].dilation, w[1].dilation},
                             .groups = groups});
}

// For a padding that differs on the two sides: the result without padding is cut, or continued with
// zeros, and then gets the bias.
Tensor transposed_and_cut(const Tensor& x, const Tensor& weight, const Tensor& bias,
                          std::vector<WindowDim> window, const std::vector<std::int64_t>& extents,
                          std::int64_t groups) {
    const std::vector<WindowDim> cut = window;
    for (WindowDim& w : window) w.before = w.after = 0;
    Tensor out = transposed(x, weight, Tensor(), window,
                            std::vector<std::int64_t>(window.size(), 0), groups);
    for (std::size_t d = 0; d < window.size(); ++d) {
        const int dim = static_cast<int>(d) + 2;
        Dims none = Dims::filled(out.rank(), 0), behind = none;
        behind[dim] = std::max<std::int64_t>(cut[d].before + extents[d] - out.size(dim), 0);
        out = narrow(pad(out, none, behind), dim, cut[d].before, extents[d]);
    }
    Shape shape = Dims::filled(x.rank() - 1, 1);
    shape[0] = -1;
    return bias.defined() ? out + reshape(bias, shape) : out;
}

Results conv_transpose(const Call& c) {
    const Tensor &x = c[0], &weight = c[1];
    std::vector<WindowDim> window = window_of(c, x, kernel_sizes(c, weight));
    const std::string automatic = c.text("auto_pad", "NOTSET");
    const std::vector<std::int64_t> more =
        c.integers("output_padding", std::vector<std::int64_t>(window.size(), 0));
    std::vector<std::int64_t> extents = c.integers("output_shape");
    const bool chosen = !extents.empty() || automatic.starts_with("SAME");
    if (extents.empty()) extents.resize(window.size());
    for (std::size_t d = 0; d < window.size(); ++d) {
        WindowDim& w = window[d];
        const std::int64_t in = x.size(static_cast<std::int64_t>(d) + 2);
        const std::int64_t full = (in - 1) * w.stride + w.extent() + more[d];
        if (!chosen) extents[d] = full - w.before - w.after;
        if (!chosen) continue;
        if (automatic.starts_with("SAME")) extents[d] = in * w.stride;
        w.share_padding(full - extents[d], automatic == "SAME_UPPER");
    }
    const std::int64_t groups = c.integer("group", 1);
    if (!chosen && is_symmetric(window))
        return transposed(x, weight, c.optional(2), window, more, groups);
    return transposed_and_cut(x, weight, c.optional(2), window, extents, groups);
}

}  // namespace

Tensor convolution(const Tensor& image, const Tensor& weight, const Tensor& bias,
                   const std::vector<WindowDim>& window, std::int64_t groups) {
    std::vector<WindowDim> w = window;
    if (w.size() == 3) return convolution_3d(image, weight, bias, w, groups);
    const Tensor x = is_symmetric(w) ? image : pad_window(image, w);
    if (w.size() == 1)
        return conv1d(x, weight, bias,
                      {.stride = w[0].stride,
                       .padding = w[0].before,
                       .dilation = w[0].dilation,
                       .groups = groups});
    return conv2d(x, weight, bias,
                  {.stride = {w[0].stride, w[1].stride},
                   .padding = {w[0].before, w[1].before},
                   .dilation = {w[0].dilation, w[1].dilation},
                   .groups = groups});
}

void add_conv_ops(OpTable& table) {
    table.insert({{"Conv", conv}, {"ConvTranspose", conv_transpose}});
}

}  // namespace eps::conformance
