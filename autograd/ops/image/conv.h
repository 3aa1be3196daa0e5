#pragma once
// Convolutions. Images are [B, C, H, W]; kernels want them channels-last in memory and leave them
// so: convert once, where a network begins.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct Conv2dOptions {
    std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
    std::int64_t groups = 1;
};
struct ConvTranspose2dOptions {
    std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, output_padding{0, 0}, dilation{1, 1};
    std::int64_t groups = 1;
};
struct Conv1dOptions {
    std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
struct ConvTranspose1dOptions {
    std::int64_t stride = 1, padding = 0, output_padding = 0, dilation = 1, groups = 1;
};

/// y[b, k, i, j] = bias[k] + sum_{c, u, v} weight[k, c, u, v] x[b, c, i stride - padding + u
/// dilation, j stride - padding + v dilation], zero outside of x (a cross-correlation, as
/// everywhere in this field). x [B, C, H, W], weight [K, C / groups, h, w], bias [K] or undefined
/// -> [B, K, H', W'], H' = (H + 2 padding - dilation (h - 1) - 1) / stride + 1 rounded down; f32 or
/// f64. Output channels of a group see the input channels of that group only. The result is
/// channels-last in memory. Its derivative in the weight is the op `conv2d_weight`, that in the
/// image `conv_transpose2d`.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv2dOptions& options = {});
/// The adjoint of conv2d in its image ("deconvolution", Zeiler et al. 2010): x [B, C, H, W], weight
/// [C, K / groups, h, w], bias [K] or undefined -> [B, K, H', W'], H' = (H - 1) stride - 2 padding
/// + dilation (h - 1) + output_padding + 1. output_padding < max(stride, dilation) picks one of the
/// extents that conv2d maps to H.
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose2dOptions& options = {});
/// The same of signals: x [B, C, L], weight [K, C / groups, l].
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv1dOptions& options = {});
/// x [B, C, L], weight [C, K / groups, l].
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose1dOptions& options = {});

/// x [B, C, H, W] with memory in the order B H W C; x itself if it lies so already.
Tensor channels_last(const Tensor& x);

}  // namespace eps
