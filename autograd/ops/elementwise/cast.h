#pragma once
#include "tensor/tensor.h"

namespace eps {

/// x converted to a dtype; x itself if it has it. The gradient is converted back; there is none
/// through integers, f16 and bf16.
Tensor to(const Tensor& x, DType dtype);
/// x on a device (the op `transfer`); x itself if it is there.
Tensor to(const Tensor& x, Device device);

}  // namespace eps
