#pragma once
// How cuBLAS sees our matrices.
//
// It stores matrices by columns. Read that way, our row-major memory holds the transposes, and
//
//     out = a b   is   out^T = b^T a^T
//
// so we hand it b first, then a, and no element moves. An operand that is itself a transposed view
// differs only in a flag.
#include <cublas_v2.h>

#include "tensor/tensor.h"

namespace eps::kernels::cuda {

/// A [batch, rows, columns] tensor as cuBLAS takes it.
struct Matrix {
    Tensor tensor;  // the operand or a row-major copy of it
    cublasOperation_t operation = CUBLAS_OP_N;
    std::int64_t leading = 1, batch_stride = 0;  // 0: one matrix serves the whole batch
};
/// What factors of products of `dtype` are rounded to before they are multiplied: whoever makes one
/// anew makes it so. tf32 is not among the types: its rounding is that of the tensor cores.
DType factor_type(DType product);
/// A factor of a product of `dtype`: a copy where its strides are not a matrix's, and where it is
/// not in its factor_type.
Matrix as_factor(const Tensor& x, DType product);

cudaDataType_t cuda_type(DType dtype);
/// What a product of `dtype` computes in.
cublasComputeType_t compute_type(DType product);

}  // namespace eps::kernels::cuda
