#pragma once
// Matrix products.
#include "tensor/tensor.h"

namespace eps {

/// The matrix product a b. A vector on the left counts as a row, one on the right as a column, and
/// that dimension is dropped from the result. Transposed inputs are not copied.
/// Shapes: [.., M, K] x [.., K, N] -> [.., M, N]; leading dimensions broadcast.
/// Throws unless both are f32 or both f64.
Tensor matmul(const Tensor& a, const Tensor& b);
/// A fully connected layer:
///     x weight^T + bias
/// Shapes: x [.., in], weight [out, in], bias [out] or undefined -> [.., out].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace eps
