#pragma once
// The matrix of cofactors, which is the derivative of the determinant.
#include "tensor/tensor.h"

namespace eps {

/// The cofactors of a, det(a) a^-T, also where a is singular or nearly so. Its derivatives of any
/// order are right there, too.
/// Shapes: [B, n, n] -> [B, n, n], n > 0.
Tensor cofactors(const Tensor& a);

}  // namespace eps
