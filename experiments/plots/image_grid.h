#pragma once
// Many small images arranged in one picture.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::models {

/// Arranges images row by row, with `padding` pixels of `background` around each and in unused
/// cells. columns <= 0 means ceil(sqrt(N)). Shapes: images f32 in [0, 1] or u8 [N, H, W] -> f32
/// [R(H + padding) + padding, C(W + padding) + padding] with C columns and R = ceil(N / C) rows.
Tensor image_grid(const Tensor& images, std::int64_t columns = 0, std::int64_t padding = 2,
                  double background = 1);

}  // namespace eps::models
