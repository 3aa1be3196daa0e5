// Pooling of volumes: the planes first, as images, then lines along the depth.
#include "autograd/ops/image/pool3d.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/pool.h"
#include "autograd/ops/image/pool_windows.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/shape/shape.h"

namespace eps {
namespace {

// pool_planes of [B, C D, H, W], then pool_depth of [B, C, D, H' W'].
template <class PoolPlanes, class PoolDepth>
Tensor pooled(const Tensor& x, const PoolPlanes& pool_planes, const PoolDepth& pool_depth) {
    const std::int64_t b = x.size(0), c = x.size(1), d = x.size(2);
    const Tensor planes = pool_planes(reshape(x, {b, c * d, x.size(3), x.size(4)}));
    const std::int64_t height = planes.size(2), width = planes.size(3);
    const Tensor lines = pool_depth(reshape(planes, {b, c, d, height * width}));
    return reshape(lines, {b, c, lines.size(2), height, width});
}

template <class Options>
void check_windows(const Checker& check, const Tensor& x, std::array<std::int64_t, 3> kernel,
                   const Options& o) {
    check_image(check, x, 5);
    for (std::size_t d = 0; d < 3; ++d)
        detail::pooled_extent(check, x.size(static_cast<int>(d) + 2),
                              {.kernel = kernel[d],
                               .stride = o.stride[d],
                               .before = o.padding[d],
                               .after = o.padding[d],
                               .dilation = o.dilation[d],
                               .ceil_mode = o.ceil_mode});
}

}  // namespace

Tensor max_pool3d(const Tensor& x, std::array<std::int64_t, 3> kernel, const MaxPool3dOptions& o) {
    check_windows("max_pool3d", x, kernel, o);
    const auto of_planes = [&](const Tensor& planes) {
        return max_pool2d(planes, {kernel[1], kernel[2]},
                          {.stride = {o.stride[1], o.stride[2]},
                           .padding = {o.padding[1], o.padding[2]},
                           .dilation = {o.dilation[1], o.dilation[2]},
                           .ceil_mode = o.ceil_mode});
    };
    const auto along_depth = [&](const Tensor& lines) {
        return max_pool2d(lines, {kernel[0], 1},
                          {.stride = {o.stride[0], 1},
                           .padding = {o.padding[0], 0},
                           .dilation = {o.dilation[0], 1},
                           .ceil_mode = o.ceil_mode});
    };
    return pooled(x, of_planes, along_depth);
}

Tensor avg_pool3d(const Tensor& x, std::array<std::int64_t, 3> kernel, const AvgPool3dOptions& o) {
    const Checker check("avg_pool3d");
    check_windows(check, x, kernel, o);
    Tensor y = x;
    for (std::size_t d = 0; d < 3; ++d) {
        const int dim = static_cast<int>(d) + 2;
        const AverageOptions options{.stride = o.stride[d],
                                     .before = o.padding[d],
                                     .after = o.padding[d],
                                     .dilation = o.dilation[d],
                                     .ceil_mode = o.ceil_mode,
                                     .count_include_pad = o.count_include_pad};
        y = resample(y, dim, average_matrix(x.size(dim), kernel[d], options), check.op);
    }
    return y;
}

Tensor adaptive_avg_pool3d(const Tensor& x, std::array<std::int64_t, 3> size) {
    detail::check_adaptive("adaptive_avg_pool3d", x, 5, size);
    return pooled(
        x,
        [&](const Tensor& planes) {
            return adaptive_avg_pool2d(planes, {size[1], size[2]});
        },
        [&](const Tensor& lines) {
            return adaptive_avg_pool2d(lines, {size[0], lines.size(3)});
        });
}

Tensor adaptive_max_pool3d(const Tensor& x, std::array<std::int64_t, 3> size) {
    detail::check_adaptive("adaptive_max_pool3d", x, 5, size);
    return pooled(
        x,
        [&](const Tensor& planes) {
            return adaptive_max_pool2d(planes, {size[1], size[2]});
        },
        [&](const Tensor& lines) {
            return adaptive_max_pool2d(lines, {size[0], lines.size(3)});
        });
}

}  // namespace eps
