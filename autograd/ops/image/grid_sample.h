#pragma once
// Images and volumes sampled on a grid, and the grid of an affine map: the two halves of a spatial
// transformer. A grid holds a point (x, y), or (x, y, z), for each element of the result, and -1
// and 1 are the edges of the image: of its corner pixels, or their centres with align_corners.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// How grid_sample mixes the pixels around a point.
enum class GridMode : std::uint8_t {
    bilinear,  // linear in each dimension: trilinear for volumes
    nearest,   // halves go to the even pixel
    bicubic,   // for images only (Keys 1981, a = -3/4)
};
/// What lies outside of the image.
enum class GridPadding : std::uint8_t {
    zeros,
    border,      // the pixel at the edge
    reflection,  // the image, mirrored at its edges as often as needed
};
struct GridSampleOptions {
    GridMode mode = GridMode::bilinear;
    GridPadding padding_mode = GridPadding::zeros;
    bool align_corners = false;
};

/// The image at the points of a grid. The result is channels-last in memory. A grid has no gradient
/// in mode `nearest`; in the others, its gradient at a pixel's centre is that of one side.
/// Shapes: x [B, C, H, W], grid [B, H', W', 2] -> [B, C, H', W'], or x [B, C, D, H, W], grid
/// [B, D', H', W', 3] -> [B, C, D', H', W'].
/// Source: Jaderberg et al. 2015, "Spatial transformer networks".
Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleOptions& options = {});

/// The grid of the points theta (x, y, 1) for all pixels (x, y) of an image of that size. For
/// volumes they are theta (x, y, z, 1).
/// Shapes: theta [B, 2, 3] and size [B, C, H, W] -> [B, H, W, 2], or theta [B, 3, 4] and size
/// [B, C, D, H, W] -> [B, D, H, W, 3].
/// Source: Jaderberg et al. 2015, "Spatial transformer networks".
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false);

}  // namespace eps
