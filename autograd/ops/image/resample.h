#pragma once
// A sparse matrix along one dimension: resizing, average pooling, windows, flips and the edges of
// padding are made of it.
#include <cstdint>

#include "tensor/contract/csr_matrix.h"
#include "tensor/tensor.h"

namespace eps {

/// x multiplied by a sparse matrix along dim, which keeps its order of memory.
///     out[.., i, ..] = sum_j matrix[i, j] x[.., j, ..]
/// The derivative is the same op with the transposed matrix. Errors name `op`, the function that is
/// made of it.
/// Throws on integers if a weight is not whole, and on bool, f16 and bf16 unless the matrix only
/// selects elements.
Tensor resample(const Tensor& x, std::int64_t dim, CsrMatrix matrix, const char* op = "resample");

}  // namespace eps
