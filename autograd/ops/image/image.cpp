#include "autograd/ops/image/image.h"

#include "tensor/contract/kernels.h"

namespace eps {
namespace {
Strides channels_last_strides(const Shape& s) { return {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]}; }
}  // namespace

bool is_channels_last(const Tensor& x) {
    const Strides wanted = channels_last_strides(x.shape());
    for (int d = 0; d < 4; ++d)
        if (x.size(d) > 1 && x.strides()[d] != wanted[d]) return false;
    return true;
}

Tensor channels_last_data(const Tensor& x) {
    if (is_channels_last(x)) return x;
    Tensor out = empty_image(x.shape(), x.options());
    kernels::copy(out, x);
    return out;
}

Tensor empty_image(const Shape& shape, Options options) {
    return empty_strided(shape, channels_last_strides(shape), options);
}

void check_image(const Checker& check, const Tensor& x, int rank) {
    check.defined(x);
    const char* const hint = "; hint: unsqueeze(x, 0) makes a batch of one";
    const char* const wanted = rank == 5   ? "a volume [B, C, D, H, W]"
                               : rank == 4 ? "an image [B, C, H, W]"
                                           : "a signal [B, C, L]";
    check(x.rank() == rank, "needs ", wanted, "; got ", describe(x),
          x.rank() == rank - 1 ? hint : "");
}

}  // namespace eps
