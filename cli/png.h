#pragma once
// Pictures: PNG files from tensors and back.
#include <cstdint>
#include <string>

#include "tensor/tensor.h"

namespace eps::cli {

/// Screen pixels a side of one pixel in the pictures of a run: 28 x 28 images are small on today's screens.
inline constexpr int kPictureScale = 2;

/// Writes [H, W] (gray) or [H, W, 3] (RGB) as an 8-bit PNG, atomically. u8 is taken as it is; f32 and f64 are intensities, clamped to [0, 1],
/// written as round(255 x). Each pixel becomes a square of scale x scale. Throws, naming the file, on other shapes, on NaN and on empty pictures.
void write_png(const std::string& path, const Tensor& picture, int scale = 1);

/// Reads a PNG without transparency as u8 [H, W] if it is gray, u8 [H, W, 3] if it has colours. Throws, naming the file, on damage.
Tensor read_png(const std::string& path);

}  // namespace eps::cli
