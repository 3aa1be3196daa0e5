#pragma once
// Windows of images as columns, and their adjoint.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct UnfoldOptions {
    std::array<std::int64_t, 2> dilation{1, 1}, padding{0, 0}, stride{1, 1};
};

/// im2col: out[b, c h w + u w + v, i W' + j] = x[b, c, i stride - padding + u dilation, j stride -
/// padding + v dilation], zero outside of x, for a kernel of h x w: [B, C, H, W] -> [B, C h w, H'
/// W'], H' as for conv2d.
Tensor unfold(const Tensor& x, std::array<std::int64_t, 2> kernel,
              const UnfoldOptions& options = {});
/// col2im, the adjoint of unfold: overlapping windows are added up. [B, C h w, H' W'] -> [B, C, H,
/// W] of the size that was unfolded.
Tensor fold(const Tensor& x, std::array<std::int64_t, 2> size, std::array<std::int64_t, 2> kernel,
            const UnfoldOptions& options = {});

}  // namespace eps
