#pragma once
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// Each pixel of x [B, C, H, W] as a square of scale x scale: [B, C, scale H, scale W]. The result is channels-last in memory.
Tensor upsample_nearest(const Tensor& x, std::int64_t scale);

}  // namespace eps
