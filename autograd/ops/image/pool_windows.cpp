#include "autograd/ops/image/pool_windows.h"

#include "autograd/ops/image/image.h"
#include "tensor/extent.h"

namespace eps::detail {

std::int64_t pooled_extent(const Checker& check, std::int64_t inputs, const PoolWindows& w) {
    const bool sound = w.kernel >= 1 && w.stride >= 0 && w.dilation >= 1;
    const bool small =
        w.kernel < kExtentLimit && w.stride < kExtentLimit && w.dilation < kExtentLimit;
    check(sound && small, "the windows make no sense; got kernel ", w.kernel, ", stride ", w.stride,
          ", dilation ", w.dilation, "; expected at least 1");
    const std::int64_t reach = (w.kernel - 1) * w.dilation + 1;
    const std::int64_t stride = w.stride ? w.stride : w.kernel;
    check(w.before >= 0 && w.after >= 0 && w.before < reach && w.after < reach,
          "padding must be less than the window; got ", w.before, " and ", w.after,
          " for a window of ", reach, "; hint: pad() adds more");
    const std::int64_t room = (Extent(inputs) + w.before + w.after - reach).value(check.op);
    const std::int64_t rounded = room + (w.ceil_mode ? stride - 1 : 0);
    check(inputs >= 1 && rounded >= 0, "the window is larger than the padded image; got extent ",
          inputs, ", window ", reach, ", padding ", w.before);
    const std::int64_t count = rounded / stride + 1;
    // With ceil_mode the last window may begin in the padding behind the image: there is none then.
    const bool last_is_padding = (count - 1) * stride >= inputs + w.before;
    return w.ceil_mode && last_is_padding ? count - 1 : count;
}

void check_adaptive(const Checker& check, const Tensor& x, int rank,
                    std::span<const std::int64_t> size) {
    check_image(check, x, rank);
    for (int d = 2; d < rank; ++d) {
        const std::int64_t outputs = size[static_cast<std::size_t>(d) - 2];
        check(outputs >= 1 && outputs < kExtentLimit && x.size(d) >= 1,
              "an extent is not positive, or beyond 2^31; got ", x.shape(), " to ", outputs);
    }
}

}  // namespace eps::detail
