#include "autograd/ops/upsample.h"

#include "autograd/ops/shape.h"

namespace eps {

// In the order of memory B H W C, so that whole runs of channels are copied.
Tensor upsample_nearest(const Tensor& x, std::int64_t scale) {
    check(x.defined() && x.rank() == 4, "upsample_nearest", "needs an image [B, C, H, W]; got ", describe(x));
    check(scale >= 1, "upsample_nearest", "the scale must be at least 1; got ", scale);
    const std::int64_t b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    const Tensor pixels = reshape(permute(x, {0, 2, 3, 1}), {b, h, 1, w, 1, c});
    const Tensor squares = reshape(expand(pixels, {b, h, scale, w, scale, c}), {b, h * scale, w * scale, c});
    return permute(squares, {0, 3, 1, 2});
}

}  // namespace eps
