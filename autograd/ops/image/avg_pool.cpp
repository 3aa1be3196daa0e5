// Pooling by the mean: a sparse matrix along each dimension, which resample() applies.
#include <algorithm>

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/image/pool_windows.h"
#include "autograd/ops/image/resample.h"
#include "tensor/contract/kernels.h"

namespace eps {
namespace {

CsrMatrix adaptive_matrix(const Checker& check, std::int64_t inputs, std::int64_t outputs) {
    const kernels::PoolGeometry geometry{.adaptive = true};
    // Neighbouring windows share one pixel at most.
    CsrMatrix matrix(check.op, inputs, outputs, Extent(inputs) + outputs);
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row()) {
        const auto window = geometry.window(0, i, inputs, outputs);
        for (std::int64_t k = window.first; k < window.end; ++k)
            matrix.add(k, 1.0 / static_cast<double>(window.end - window.first));
    }
    return matrix;
}

CsrMatrix average_matrix(const Checker& check, std::int64_t inputs, std::int64_t kernel,
                         const AverageOptions& o) {
    const std::int64_t outputs = detail::pooled_extent(check, inputs,
                                                       {.kernel = kernel,
                                                        .stride = o.stride,
                                                        .before = o.before,
                                                        .after = o.after,
                                                        .dilation = o.dilation,
                                                        .ceil_mode = o.ceil_mode});
    const std::int64_t stride = o.stride ? o.stride : kernel;
    const kernels::PoolGeometry geometry{{kernel, 1}, {stride, 1}, {o.before, 0}, {o.dilation, 1}};
    kernels::PoolGeometry with_padding = geometry;  // the padding is a part of the image
    with_padding.padding = {0, 0};
    CsrMatrix matrix(check.op, inputs, outputs, Extent(outputs) * std::min(kernel, inputs));
    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row()) {
        const auto inside = geometry.window(0, i, inputs, outputs);
        const auto padded = with_padding.window(0, i, inputs + o.before + o.after, outputs);
        const auto [first, end, step] = o.count_include_pad ? padded : inside;
        const std::int64_t count = (end - first + step - 1) / step;
        for (std::int64_t at = inside.first; at < inside.end; at += step)
            matrix.add(at, 1.0 / static_cast<double>(count));
    }
    return matrix;
}

}  // namespace

Tensor avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel, const AvgPool2dOptions& o) {
    const Checker check("avg_pool2d");
    check_image(check, x, 4);
    Tensor y = x;
    for (std::size_t d = 0; d < 2; ++d) {
        const int dim = static_cast<int>(d) + 2;
        const AverageOptions options{.stride = o.stride[d],
                                     .before = o.padding[d],
                                     .after = o.padding[d],
                                     .dilation = o.dilation[d],
                                     .ceil_mode = o.ceil_mode,
                                     .count_include_pad = o.count_include_pad};
        y = resample(y, dim, average_matrix(check, x.size(dim), kernel[d], options), check.op);
    }
    return y;
}

Tensor avg_pool1d(const Tensor& x, std::int64_t kernel, const AvgPool1dOptions& o) {
    const Checker check("avg_pool1d");
    check_image(check, x, 3);
    const AverageOptions options{.stride = o.stride,
                                 .before = o.padding,
                                 .after = o.padding,
                                 .dilation = o.dilation,
                                 .ceil_mode = o.ceil_mode,
                                 .count_include_pad = o.count_include_pad};
    return resample(x, 2, average_matrix(check, x.size(2), kernel, options), check.op);
}

CsrMatrix average_matrix(std::int64_t inputs, std::int64_t kernel, const AverageOptions& options) {
    return average_matrix("average_matrix", inputs, kernel, options);
}

Tensor adaptive_avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> size) {
    const Checker check("adaptive_avg_pool2d");
    detail::check_adaptive(check, x, 4, size);
    const Tensor rows = resample(x, 2, adaptive_matrix(check, x.size(2), size[0]), check.op);
    return resample(rows, 3, adaptive_matrix(check, x.size(3), size[1]), check.op);
}

Tensor adaptive_avg_pool1d(const Tensor& x, std::int64_t size) {
    const Checker check("adaptive_avg_pool1d");
    detail::check_adaptive(check, x, 3, {&size, 1});
    return resample(x, 2, adaptive_matrix(check, x.size(2), size), check.op);
}

}  // namespace eps
