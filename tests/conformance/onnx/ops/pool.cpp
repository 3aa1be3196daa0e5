// Pooling of one to three dimensions.
#include "autograd/ops/image/pool.h"

#include <limits>

#include "autograd/ops/image/lp_pool.h"
#include "autograd/ops/image/pool3d.h"
#include "autograd/ops/image/resample.h"
#include "tests/conformance/onnx/ops/common.h"
#include "tests/conformance/onnx/ops/window.h"

namespace eps::conformance {
namespace {

MaxPool2dOptions options_of(const WindowDim& h, const WindowDim& w, bool ceil_mode) {
    return {.stride = {h.stride, w.stride},
            .padding = {h.before, w.before},
            .dilation = {h.dilation, w.dilation},
            .ceil_mode = ceil_mode};
}

Tensor largest(const Tensor& x, const std::vector<WindowDim>& w, bool ceil_mode) {
    if (w.size() == 1)
        return max_pool1d(x, w[0].size,
                          {.stride = w[0].stride,
                           .padding = w[0].before,
                           .dilation = w[0].dilation,
                           .ceil_mode = ceil_mode});
    if (w.size() == 2)
        return max_pool2d(x, {w[0].size, w[1].size}, options_of(w[0], w[1], ceil_mode));
    return max_pool3d(x, {w[0].size, w[1].size, w[2].size},
                      {.stride = {w[0].stride, w[1].stride, w[2].stride},
                       .padding = {w[0].before, w[1].before, w[2].before},
                       .dilation = {w[0].dilation, w[1].dilation, w[2].dilation},
                       .ceil_mode = ceil_mode});
}

// Positions in an image as positions in the whole tensor, whose images are stored by rows, or by
// columns.
Tensor positions_in_tensor(const Tensor& index, const Tensor& x, bool by_columns) {
    const std::int64_t height = x.size(2), width = x.size(3), images = x.size(0) * x.size(1);
    const Tensor row = to(floor(to(index, f64) / static_cast<double>(width)), i64);
    const Tensor column = index - row * static_cast<double>(width);
    const Tensor image = reshape(arange(0, static_cast<double>(images), 1, {.dtype = i64}),
                                 {x.size(0), x.size(1), 1, 1});
    const Tensor position = by_columns ? column * static_cast<double>(height) + row : index;
    return image * static_cast<double>(height * width) + position;
}

Results max_pool(const Call& c) {
    const Tensor& x = c[0];
    std::vector<WindowDim> w = window_of(c, x, kernel_sizes(c));
    const bool ceil_mode = c.flag("ceil_mode"), by_columns = c.flag("storage_order");
    if (c.output_count() > 1) {
        if (w.size() != 2 || !is_symmetric(w)) c.unsupported("indices with this window");
        const MaxPooled pooled =
            max_pool2d_with_indices(x, {w[0].size, w[1].size}, options_of(w[0], w[1], ceil_mode));
        return {pooled.values, positions_in_tensor(pooled.indices, x, by_columns)};
    }
    if (is_symmetric(w)) return largest(x, w, ceil_mode);
    const Tensor padded = pad_window(x, w, -std::numeric_limits<double>::infinity());
    return largest(padded, w, ceil_mode);
}

// With one or two dimensions and equal padding, the library's function does it; else each dimension
// is averaged after the other.
Results average_pool(const Call& c) {
    const Tensor& x = c[0];
    const std::vector<WindowDim> w = window_of(c, x, kernel_sizes(c));
    const bool ceil_mode = c.flag("ceil_mode"), counts = c.flag("count_include_pad");
    if (is_symmetric(w) && w.size() == 1)
        return avg_pool1d(x, w[0].size,
                          {.stride = w[0].stride,
                           .padding = w[0].before,
                           .dilation = w[0].dilation,
                           .ceil_mode = ceil_mode,
                           .count_include_pad = counts});
    if (is_symmetric(w) && w.size() == 2)
        return avg_pool2d(x, {w[0].size, w[1].size},
                          {.stride = {w[0].stride, w[1].stride},
                           .padding = {w[0].before, w[1].before},
                           .dilation = {w[0].dilation, w[1].dilation},
                           .ceil_mode = ceil_mode,
                           .count_include_pad = counts});
    Tensor out = x;
    for (std::size_t d = 0; d < w.size(); ++d) {
        const std::int64_t dim = static_cast<std::int64_t>(d) + 2;
        out = resample(out, dim,
                       average_matrix(out.size(dim), w[d].size,
                                      {.stride = w[d].stride,
                                       .before = w[d].before,
                                       .after = w[d].after,
                                       .dilation = w[d].dilation,
                                       .ceil_mode = ceil_mode,
                                       .count_include_pad = counts}));
    }
    return out;
}

// The p-norm of each window; padding is zero, and counts nothing.
Results lp_pool(const Call& c) {
    const double p = static_cast<double>(c.integer("p", 2));
    std::vector<WindowDim> w = window_of(c, c[0], kernel_sizes(c));
    const Tensor x = is_symmetric(w) ? c[0] : pad_window(c[0], w);
    const bool ceil_mode = c.flag("ceil_mode");
    if (w.size() == 1)
        return lp_pool1d(x, p, w[0].size,
                         {.stride = w[0].stride,
                          .padding = w[0].before,
                          .dilation = w[0].dilation,
                          .ceil_mode = ceil_mode});
    if (w.size() == 2)
        return lp_pool2d(x, p, {w[0].size, w[1].size},
                         {.stride = {w[0].stride, w[1].stride},
                          .padding = {w[0].before, w[1].before},
                          .dilation = {w[0].dilation, w[1].dilation},
                          .ceil_mode = ceil_mode});
    return lp_pool3d(x, p, {w[0].size, w[1].size, w[2].size},
                     {.stride = {w[0].stride, w[1].stride, w[2].stride},
                      .padding = {w[0].before, w[1].before, w[2].before},
                      .dilation = {w[0].dilation, w[1].dilation, w[2].dilation},
                      .ceil_mode = ceil_mode});
}

// Zeros, with the values at their positions in the whole tensor.
Results max_unpool(const Call& c) {
    const Tensor& x = c[0];
    const std::vector<WindowDim> w = window_of(c, x, kernel_sizes(c));
    Shape shape = x.shape();
    for (std::size_t d = 0; d < w.size(); ++d) {
        const int dim = static_cast<int>(d) + 2;
        shape[dim] = (x.size(dim) - 1) * w[d].stride + w[d].size - w[d].before - w[d].after;
    }
    if (c.has(2)) shape = Dims(c.numbers(2));
    return reshape(
        scatter_add(zeros({numel(shape)}, x.options()), 0, reshape(c[1], {-1}), reshape(x, {-1})),
        shape);
}

}  // namespace

void add_pool_ops(OpTable& table) {
    table.insert({
        {"MaxPool", max_pool},
        {"AveragePool", average_pool},
        {"LpPool", lp_pool},
        {"MaxUnpool", max_unpool},
        {"GlobalAveragePool",
         [](const Call& c) -> Results {
             return adaptive_avg_pool2d(c[0], {1, 1});
         }},
        {"GlobalMaxPool",
         [](const Call& c) -> Results {
             return adaptive_max_pool2d(c[0], {1, 1});
         }},
    });
}

}  // namespace eps::conformance
