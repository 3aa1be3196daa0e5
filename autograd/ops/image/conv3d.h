#pragma once
// Convolutions of volumes [B, C, D, H, W]: video, and scans of bodies. They are two-dimensional
// ones, whose channels are those of all planes that a weight spans.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct Conv3dOptions {
    std::array<std::int64_t, 3> stride{1, 1, 1};
    std::array<std::int64_t, 3> padding{0, 0, 0};   // zeros on each side of the volume
    std::array<std::int64_t, 3> dilation{1, 1, 1};  // distance between kernel positions
    std::int64_t groups = 1;
};
struct ConvTranspose3dOptions {
    std::array<std::int64_t, 3> stride{1, 1, 1};
    std::array<std::int64_t, 3> padding{0, 0, 0};
    std::array<std::int64_t, 3> output_padding{0, 0, 0};  // less than the stride or the dilation
    std::array<std::int64_t, 3> dilation{1, 1, 1};
    std::int64_t groups = 1;
};

/// conv2d for volumes. Memory for d times the volume is needed, for a weight of depth d.
///     y[b, k, i, j, l] = bias[k] + sum_{c, u, v, w} weight[k, c, u, v, w] x[b, c,
///         i stride - padding + u dilation, j .. + v .., l .. + w ..]
/// Shapes: x [B, C, D, H, W], weight [K, C / groups, d, h, w], bias [K] or undefined ->
/// [B, K, D', H', W'], D' = (D + 2 padding - dilation (d - 1) - 1) / stride + 1, rounded down.
/// Throws unless all are f32 or all f64.
Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv3dOptions& options = {});
/// The adjoint of conv3d in its volume.
/// Shapes: x [B, C, D, H, W], weight [C, K / groups, d, h, w], bias [K] or undefined ->
/// [B, K, D', H', W'], D' = (D - 1) stride - 2 padding + dilation (d - 1) + output_padding + 1.
Tensor conv_transpose3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose3dOptions& options = {});

}  // namespace eps
