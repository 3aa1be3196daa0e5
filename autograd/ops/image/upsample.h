#pragma once
// Images and signals at another size.
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// Each pixel of x [B, C, H, W] as a square of scale x scale: [B, C, scale H, scale W]. The result
/// is channels-last in memory.
Tensor upsample_nearest(const Tensor& x, std::int64_t scale);

/// nearest takes the pixel whose corner is next below, as PyTorch and OpenCV do; nearest_exact that
/// whose centre is nearest; linear is bilinear for images, and cubic bicubic (Keys 1981, a = -3/4).
enum class Interpolation : std::uint8_t { nearest, nearest_exact, linear, cubic };
struct InterpolateOptions {
    Dims size = {};                         // of the spatial dimensions; or
    std::vector<double> scale_factor = {};  // one for each of them, or one for all
    Interpolation mode = Interpolation::nearest;
    // of linear and cubic: the first pixel stays first, the last last; else the edges of the image
    // stay
    bool align_corners = false;
    // of linear and cubic: where it shrinks, every pixel counts (a = -1/2 for cubic, as in Pillow)
    bool antialias = false;
};
/// x [B, C, ..] resized in every dimension behind the channels: one after the other, by weighted
/// sums of neighbours. The order of memory stays.
Tensor interpolate(const Tensor& x, const InterpolateOptions& options);

}  // namespace eps
