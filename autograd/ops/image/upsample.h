#pragma once
// Images and signals at another size.
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// Each pixel as a square of scale x scale. The result is channels-last in memory.
/// Shapes: [B, C, H, W] -> [B, C, scale H, scale W].
Tensor upsample_nearest(const Tensor& x, std::int64_t scale);

enum class Interpolation : std::uint8_t {
    nearest,        // the pixel whose corner is next below, as in PyTorch and OpenCV
    nearest_exact,  // the pixel whose centre is nearest
    linear,         // bilinear for images
    cubic,          // bicubic for images (Keys 1981, a = -3/4)
};
struct InterpolateOptions {
    Dims size = {};                         // the spatial extents of the result, or else
    std::vector<double> scale_factor = {};  // a factor for each of them, or one for all
    Interpolation mode = Interpolation::nearest;
    /// For linear and cubic: the centres of the corner pixels stay where they are; without, the
    /// edges of the image do.
    bool align_corners = false;
    /// For linear and cubic: when shrinking, every pixel counts (cubic then has a = -1/2, as in
    /// Pillow).
    bool antialias = false;
};
/// x resized in every dimension behind the channels, one after the other, by weighted sums of
/// neighbours. The order of memory stays.
/// Shapes: [B, C, ..] -> [B, C, size].
Tensor interpolate(const Tensor& x, const InterpolateOptions& options);

}  // namespace eps
