#pragma once
// Many small images laid out in one picture.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::models {

/// images f32 (in [0, 1]) or u8 [N, H, W] -> one f32 picture [R(H + p) + p, C(W + p) + p], R =
/// ceil(N / columns), row by row, with p = padding pixels of `background` around each image and in
/// the cells left over. columns <= 0 means ceil(sqrt(N)).
Tensor image_grid(const Tensor& images, std::int64_t columns = 0, std::int64_t padding = 2,
                  double background = 1);

}  // namespace eps::models
