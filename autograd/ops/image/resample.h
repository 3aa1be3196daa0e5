#pragma once
// A sparse matrix along one dimension: what resizing, average pooling, windows, flips and the edges
// of padding are made of.
#include <cstdint>

#include "tensor/contract/csr_matrix.h"
#include "tensor/tensor.h"

namespace eps {

/// out[.., i, ..] = sum of weight x[.., source, ..] along dim over the matrix of i, 0 where it has
/// none. The order of memory stays. A table that only selects takes every dtype, whole weights
/// every number, others f32 and f64. Its derivative is the same op with the transposed table.
/// Errors name `op`, for those that are made of it.
Tensor resample(const Tensor& x, std::int64_t dim, CsrMatrix matrix, const char* op = "resample");

}  // namespace eps
