#pragma once
#include "tensor/tensor.h"

namespace eps {

/// a b: [.., M, K] x [.., K, N] -> [.., M, N]; leading dimensions broadcast. A vector on the left
/// counts as a row, on the right as a column, and that dimension goes from the result. Transposed
/// inputs are not copied. f32 or f64, both the same.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x weight^T + bias: x [.., in], weight [out, in], bias [out] or undefined -> [.., out]
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace eps
