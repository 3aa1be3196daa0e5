#include "autograd/ops/image/max_unpool.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/pool_windows.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/index_check.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {

Tensor max_unpool2d(const Tensor& x, const Tensor& indices, std::array<std::int64_t, 2> kernel,
                    const MaxUnpool2dOptions& o) {
    const Checker check("max_unpool2d");
    check_image(check, x, 4);
    check(indices.defined() && indices.dtype() == i64 && indices.shape() == x.shape(),
          "needs one index for each element of x; got x ", x.shape(), " and indices ",
          describe(indices), "; expected i64 ", x.shape());
    std::array<std::int64_t, 2> size{};
    for (std::size_t d = 0; d < 2; ++d) {
        const std::int64_t stride = o.stride[d] == 0 ? kernel[d] : o.stride[d];
        constexpr std::int64_t limit = detail::kExtentLimit;
        const bool sound = kernel[d] >= 1 && stride >= 1 && o.padding[d] >= 0 &&
                           o.padding[d] < kernel[d] && kernel[d] < limit && stride < limit;
        check(sound, "the windows make no sense; got kernel ", kernel[d], ", stride ", stride,
              ", padding ", o.padding[d]);
        const std::int64_t pooled = x.size(static_cast<int>(d) + 2);
        size[d] = o.output_size ? (*o.output_size)[d]
                                : (pooled - 1) * stride - 2 * o.padding[d] + kernel[d];
        check(size[d] >= 1 && size[d] < limit, "the image is empty or beyond 2^31; got extent ",
              size[d], " for x ", x.shape());
    }
    check(size[0] < detail::kExtentLimit / size[1], "the image is too large; got ", size[0], " x ",
          size[1], "; expected fewer than 2^31 pixels");
    const std::int64_t batch = x.size(0), channels = x.size(1);
    detail::check_range(check, indices, size[0] * size[1]);
    const Tensor nothing = zeros({batch, channels, size[0] * size[1]}, x.options());
    const std::int64_t pooled = x.size(2) * x.size(3);
    const Tensor pixels = scatter(nothing, 2, reshape(indices, {batch, channels, pooled}),
                                  reshape(x, {batch, channels, pooled}));
    return reshape(pixels, {batch, channels, size[0], size[1]});
}

}  // namespace eps
