#pragma once
// Row-major matrices as cuBLAS reads them.
//
// cuBLAS expects matrices by columns. Read that way, row-major memory holds the transposes, and
//
//     out = a b   is   out^T = b^T a^T
//
// so cuBLAS gets b first, then a, and no element moves. An operand that is a transposed view
// differs only in a flag.
#include <cublas_v2.h>

#include "tensor/tensor.h"

namespace eps::kernels::cuda {

/// A tensor [batch, rows, columns] as cuBLAS takes it.
struct GemmOperand {
    Tensor tensor;  // the tensor itself or a row-major copy of it
    cublasOperation_t operation = CUBLAS_OP_N;
    std::int64_t leading = 1;
    std::int64_t batch_stride = 0;  // 0: one matrix serves the whole batch
};
/// The type to which the factors of a product are rounded before they are multiplied, by
/// tensor/runtime/precision.h. Code that makes a factor anew makes it in this type. tf32 is no type
/// of its own: tensor cores round to it as they read f32.
DType factor_type(DType product);
/// A factor of a product of dtype `product`. It is copied if its strides are not those of a matrix,
/// or if it is not of its factor_type.
GemmOperand as_gemm_operand(const Tensor& x, DType product);

cudaDataType_t cuda_type(DType dtype);
/// The arithmetic of a product of dtype `product`.
cublasComputeType_t compute_type(DType product);

}  // namespace eps::kernels::cuda
