#pragma once
// Convolutions that choose where they read.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct DeformConv2dOptions {
    std::array<std::int64_t, 2> stride{1, 1};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> dilation{1, 1};
    /// [B, O h w, H', W']: a factor for each pixel that is read.
    Tensor mask = {};
};

/// conv2d whose kernel reads each pixel at a distance of its own from where it would be, between
/// pixels linearly; x is zero outside of the image. Channels of x are in O groups that share their
/// offsets, and in C / weight.size(1) groups of the convolution.
///     y[b, k, p] = bias[k] + sum_{c, n} weight[k, c, n] mask[b, n, p] x[b, c, p + n + offset[b, n,
///     p]]
/// Shapes: x [B, C, H, W], offset [B, 2 O h w, H', W'] as pairs (dy, dx), weight [K, C / groups, h,
/// w], bias [K] or undefined -> [B, K, H', W'].
/// Source: Dai et al. 2017, "Deformable convolutional networks"; with a mask: Zhu et al. 2019.
Tensor deform_conv2d(const Tensor& x, const Tensor& offset, const Tensor& weight,
                     const Tensor& bias = {}, const DeformConv2dOptions& options = {});

}  // namespace eps
