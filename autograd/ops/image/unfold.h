#pragma once
// Windows of images and volumes as columns, and the adjoint of that.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct UnfoldOptions {
    std::array<std::int64_t, 2> dilation{1, 1};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> stride{1, 1};
};
struct Unfold3dOptions {
    std::array<std::int64_t, 3> dilation{1, 1, 1};
    std::array<std::int64_t, 3> padding{0, 0, 0};
    std::array<std::int64_t, 3> stride{1, 1, 1};
};

/// The windows of an image as columns ("im2col"), for a kernel of h x w:
///     out[b, c h w + u w + v, i W' + j] =
///         x[b, c, i stride - padding + u dilation, j stride - padding + v dilation]
/// where x is zero outside of the image.
/// Shapes: [B, C, H, W] -> [B, C h w, H' W'], with H' as for conv2d.
Tensor unfold(const Tensor& x, std::array<std::int64_t, 2> kernel,
              const UnfoldOptions& options = {});
/// The adjoint of unfold ("col2im"): adds up overlapping windows. `size` is the [H, W] that was
/// unfolded.
/// Shapes: [B, C h w, H' W'] -> [B, C, H, W].
Tensor fold(const Tensor& x, std::array<std::int64_t, 2> size, std::array<std::int64_t, 2> kernel,
            const UnfoldOptions& options = {});
/// unfold for volumes, and its adjoint. (PyTorch has neither.)
/// Shapes: [B, C, D, H, W] -> [B, C d h w, D' H' W'], and back.
Tensor unfold3d(const Tensor& x, std::array<std::int64_t, 3> kernel,
                const Unfold3dOptions& options = {});
Tensor fold3d(const Tensor& x, std::array<std::int64_t, 3> size, std::array<std::int64_t, 3> kernel,
              const Unfold3dOptions& options = {});

}  // namespace eps
