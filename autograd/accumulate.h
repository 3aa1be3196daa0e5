#pragma once
#include "tensor/tensor.h"

namespace eps {

/// total += gradient. The first gradient is stored as it is. Later ones are added in place only
/// when nobody else can see the buffer (handle and storage both uniquely owned) and the sum is not
/// itself recorded; otherwise into a new tensor. With in-place sums into shared buffers c = a + b;
/// d = 3a; sum(c + d) would give b the gradient 4.
void accumulate(Tensor& total, const Tensor& gradient);

}  // namespace eps
