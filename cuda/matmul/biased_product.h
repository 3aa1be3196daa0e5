#pragma once
// The product that linear layers and convolutions share: with a bias that is added as the result is
// written.
#include "tensor/tensor.h"

namespace eps::kernels::cuda {

/// out = a b + bias, a row that is added to each: a [1, M, K], b [1, K, N], out [1, M, N] with rows
/// at any distance, bias [N].
void biased_product(Tensor& out, const Tensor& a, const Tensor& b, const Tensor& bias);

}  // namespace eps::kernels::cuda
