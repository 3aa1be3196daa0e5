#pragma once
// Conversion to another dtype or device.
#include "tensor/tensor.h"

namespace eps {

/// x converted to a dtype; x itself if it has it already. The gradient is converted back; integers,
/// f16 and bf16 have none.
Tensor to(const Tensor& x, DType dtype);
/// x on a device, by the op `transfer`; x itself if it is there already.
Tensor to(const Tensor& x, Device device);

}  // namespace eps
