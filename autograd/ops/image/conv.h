#pragma once
// Convolutions. Images are [B, C, H, W]; kernels want them channels-last in memory and leave them
// so: convert once, where a network begins.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct Conv2dOptions {
    std::array<std::int64_t, 2> stride{1, 1};
    std::array<std::int64_t, 2> padding{0, 0};   // zeros on each side of the image
    std::array<std::int64_t, 2> dilation{1, 1};  // distance between kernel positions
    std::int64_t groups = 1;  // output channels of a group read the inputs of that group only
};
struct ConvTranspose2dOptions {
    std::array<std::int64_t, 2> stride{1, 1};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> output_padding{0, 0};  // less than the stride or the dilation
    std::array<std::int64_t, 2> dilation{1, 1};
    std::int64_t groups = 1;
};
struct Conv1dOptions {
    std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
};
struct ConvTranspose1dOptions {
    std::int64_t stride = 1, padding = 0, output_padding = 0, dilation = 1, groups = 1;
};

/// A convolution, or rather, as everywhere in this field, a cross-correlation:
///     y[b, k, i, j] = bias[k] + sum_{c, u, v} weight[k, c, u, v] x[b, c,
///         i stride - padding + u dilation, j stride - padding + v dilation]
/// where x is zero outside of the image. The result is channels-last in memory. Its derivative in
/// the weight is the op `conv2d_weight`, that in the image is `conv_transpose2d`.
/// Shapes: x [B, C, H, W], weight [K, C / groups, h, w], bias [K] or undefined -> [B, K, H', W'],
/// H' = (H + 2 padding - dilation (h - 1) - 1) / stride + 1, rounded down.
/// Throws unless all are f32 or all f64.
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv2dOptions& options = {});
/// The adjoint of conv2d in its image, called a transposed convolution or "deconvolution". Several
/// extents H' of an image convolve to the same H; output_padding picks one of them.
/// Shapes: x [B, C, H, W], weight [C, K / groups, h, w], bias [K] or undefined -> [B, K, H', W'],
/// H' = (H - 1) stride - 2 padding + dilation (h - 1) + output_padding + 1.
/// Source: Zeiler et al. 2010, "Deconvolutional networks".
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose2dOptions& options = {});
/// conv2d for signals.
/// Shapes: x [B, C, L], weight [K, C / groups, l], bias [K] or undefined -> [B, K, L'].
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv1dOptions& options = {});
/// conv_transpose2d for signals.
/// Shapes: x [B, C, L], weight [C, K / groups, l], bias [K] or undefined -> [B, K, L'].
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose1dOptions& options = {});

/// x [B, C, H, W] with memory in the order B H W C; x itself if it is so already.
Tensor channels_last(const Tensor& x);

}  // namespace eps
