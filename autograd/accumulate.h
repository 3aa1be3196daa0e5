#pragma once
#include "tensor/tensor.h"

namespace eps {

/// total += gradient.
///
/// The first gradient is stored as it is. A later one is added in place only where no other handle
/// shares the buffer and the sum is not itself recorded; otherwise the sum is a new tensor. Adding
/// into shared buffers would be wrong: with c = a + b and d = 3 a, the backward of sum(c + d) first
/// hands a and b the same tensor of ones, and adding 3 for a in place would make the gradient of b
/// 4.
void accumulate(Tensor& total, const Tensor& gradient);

}  // namespace eps
