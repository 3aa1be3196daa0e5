// Convolutions of one to three dimensions, and their transposes; and convolutions with offsets.
#include "autograd/ops/image/conv.h"

#include <algorithm>

#include "autograd/ops/image/conv3d.h"
#include "autograd/ops/image/deform_conv.h"
#include "tests/conformance/onnx/ops/common.h"
#include "tests/conformance/onnx/ops/window.h"

namespace eps::conformance {
namespace {

Results conv(const Call& c) {
    return convolution(c[0], c[1], c.optional(2), window_of(c, c[0], kernel_sizes(c, c[1])),
                       c.integer("group", 1));
}

// `more` is the output padding.
Tensor transposed(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const std::vector<WindowDim>& w, const std::vector<std::int64_t>& more,
                  std::int64_t groups) {
    if (w.size() == 3)
        return conv_transpose3d(x, weight, bias,
                                {.stride = {w[0].stride, w[1].stride, w[2].stride},
                                 .padding = {w[0].before, w[1].before, w[2].before},
                                 .output_padding = {more[0], more[1], more[2]},
                                 .dilation = {w[0].dilation, w[1].dilation, w[2].dilation},
                                 .groups = groups});
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

// Inputs: x, weight, offset, bias, mask.
Results deformed(const Call& c) {
    c.ignore("offset_group");  // which the shape of the offsets says
    c.ignore("group");         // and that of the weight
    const Tensor &x = c[0], &weight = c[1];
    std::vector<WindowDim> w = window_of(c, x, kernel_sizes(c, weight));
    const Tensor image = is_symmetric(w) ? x : pad_window(x, w);
    return deform_conv2d(image, c[2], weight, c.optional(3),
                         {.stride = {w[0].stride, w[1].stride},
                          .padding = {w[0].before, w[1].before},
                          .dilation = {w[0].dilation, w[1].dilation},
                          .mask = c.optional(4)});
}

}  // namespace

Tensor convolution(const Tensor& image, const Tensor& weight, const Tensor& bias,
                   const std::vector<WindowDim>& window, std::int64_t groups) {
    std::vector<WindowDim> w = window;
    const Tensor x = is_symmetric(w) ? image : pad_window(image, w);
    if (w.size() == 3)
        return conv3d(x, weight, bias,
                      {.stride = {w[0].stride, w[1].stride, w[2].stride},
                       .padding = {w[0].before, w[1].before, w[2].before},
                       .dilation = {w[0].dilation, w[1].dilation, w[2].dilation},
                       .groups = groups});
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
    table.insert({{"Conv", conv}, {"ConvTranspose", conv_transpose}, {"DeformConv", deformed}});
}

}  // namespace eps::conformance
