#pragma once
#include "tensor/tensor.h"

namespace eps::models {

/// Images f32 [N, H, W] laid out in rows of `columns` (0: the squarest grid), `margin` pixels of grey between them -> [H', W'].
Tensor image_grid(const Tensor& images, std::int64_t columns = 0, std::int64_t margin = 2);

}  // namespace eps::models
