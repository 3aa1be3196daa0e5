#pragma once
// Regions of images at one size: what detectors read features with.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct RoiAlignOptions {
    double spatial_scale = 1;         // from the units of boxes to pixels of x
    std::int64_t sampling_ratio = 0;  // points in each direction of a bin; 0: one for each pixel
    bool aligned = false;             // boxes count from the edge of pixel 0, not from its centre
};
/// The mean of x at points that lie evenly in each of h x w bins of a box, between pixels linearly.
/// Points more than a pixel outside of the image count as 0. A box is [image, x1, y1, x2, y2] and,
/// unless aligned, at least one pixel large. With sampling_ratio 0 the host reads the boxes.
/// Shapes: x [B, C, H, W], boxes [K, 5] of x's dtype, size [h, w] -> [K, C, h, w].
/// Source: He et al. 2017, "Mask R-CNN", section 3.
Tensor roi_align(const Tensor& x, const Tensor& boxes, std::array<std::int64_t, 2> size,
                 const RoiAlignOptions& options = {});

}  // namespace eps
