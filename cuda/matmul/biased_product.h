#pragma once
// The product with a bias that linear layers and convolutions share.
#include "tensor/tensor.h"

namespace eps::kernels::cuda {

/// out = a b + bias, the bias added to each row.
/// Shapes: a [1, M, K], b [1, K, N], bias [N], out [1, M, N] with rows at any distance.
void biased_product(Tensor& out, const Tensor& a, const Tensor& b, const Tensor& bias);

}  // namespace eps::kernels::cuda
