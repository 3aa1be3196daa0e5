#pragma once
// Images and volumes read at coordinates between their pixels, which are tensors: what grid_sample,
// deform_conv2d and roi_align share. Coordinates count pixels, 0 at the centre of the first.
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace eps::detail {

/// x [B, C, ..] with its pixels as rows.
struct PixelRows {
    explicit PixelRows(const Tensor& x);

    Tensor rows;                        // [B P, C], for P pixels an image
    Tensor image;                       // i64 [B, 1]: which image each line of coordinates reads
    std::vector<std::int64_t> extents;  // of the spatial dimensions
};

/// The pixels at whole coordinates; one outside of the image is moved to its edge.
/// Shapes: a coordinate [B, N] for each spatial dimension -> [B, N, C].
Tensor pixels_at(const PixelRows& image, std::span<const Tensor> coordinates);

/// Whether whole coordinates lie inside of the image: bool [B, N]. NaN does not.
Tensor inside_image(const PixelRows& image, std::span<const Tensor> coordinates);

/// The mean of the 2^n pixels around each point, weighted by their nearness in each dimension.
/// Pixels outside of the image are zero.
/// Shapes: a coordinate [B, N] for each of n spatial dimensions -> [B, N, C].
Tensor linear_at(const PixelRows& image, std::span<const Tensor> coordinates);

}  // namespace eps::detail
