// Batched matrix products by cuBLAS.
#include "cuda/runtime/context.h"
#include "cuda/matmul/gemm_operand.h"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/precision.h"

namespace eps::kernels::cuda {
namespace {

// True if `rows` rows, `stride` apart and each `length` contiguous elements long, are a matrix to
// cuBLAS. The stride of a dimension of one element does not matter.
bool rows_fit(std::int64_t rows, std::int64_t stride, std::int64_t length,
              std::int64_t inner_stride) {
    return (length == 1 || inner_stride == 1) && (rows == 1 || stride >= length);
}

GemmOperand as_matrix(const Tensor& x) {
    const std::int64_t rows = x.size(1), columns = x.size(2);
    const std::int64_t by_row = x.strides()[1], by_column = x.strides()[2];
    const std::int64_t batch_stride = x.size(0) == 1 ? 0 : x.strides()[0];
    if (rows_fit(rows, by_row, columns, by_column))
        return {x, CUBLAS_OP_N, rows == 1 ? columns : by_row, batch_stride};
    if (rows_fit(columns, by_column, rows, by_row))
        return {x, CUBLAS_OP_T, columns == 1 ? rows : by_column, batch_stride};
    return as_matrix(raw::clone(x));
}

// x rounded to dtype, without gaps between its rows and matrices. If one matrix serves the whole
// batch, one is made.
GemmOperand rounded(const GemmOperand& x, DType dtype) {
    const Tensor& t = x.tensor;
    const bool transposed = x.operation == CUBLAS_OP_T;
    const int row = transposed ? 2 : 1, column = 3 - row;  // in the order of memory
    const std::int64_t matrices = x.batch_stride == 0 ? 1 : t.size(0);
    const std::int64_t rows = t.size(row), columns = t.size(column);
    const Tensor in_memory =
        t.as_strided({matrices, rows, columns},
                     {x.batch_stride, t.strides()[row], t.strides()[column]}, t.offset());
    return {raw::to(in_memory, dtype), x.operation, columns, matrices == 1 ? 0 : rows * columns};
}

}  // namespace

DType factor_type(DType product) {
    if (product != f32) return product;
    switch (precision()) {
        case Precision::f16: return f16;
        case Precision::bf16: return bf16;
        default: return f32;
    }
}

GemmOperand as_gemm_operand(const Tensor& x, DType product) {
    const GemmOperand matrix = as_matrix(x);
    return x.dtype() == factor_type(product) ? matrix : rounded(matrix, factor_type(product));
}

cudaDataType_t cuda_type(DType dtype) {
    switch (dtype) {
        case f64: return CUDA_R_64F;
        case f16: return CUDA_R_16F;
        case bf16: return CUDA_R_16BF;
        default: return CUDA_R_32F;
    }
}
cublasComputeType_t compute_type(DType product) {
    if (product == f64) return CUBLAS_COMPUTE_64F;
    return precision() == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

void matmul(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    if (out.numel() == 0) return;
    const std::int64_t n = out.size(2), k = a.size(2);
    std::int64_t batch = out.size(0), m = out.size(1);
    if (k == 0) {  // an empty sum
        if (!accumulate) fill(out, 0);
        return;
    }
    const GemmOperand x = as_gemm_operand(a, out.dtype()), y = as_gemm_operand(b, out.dtype());
    const std::int64_t leading = m == 1 ? n : out.strides()[1], batch_stride = out.strides()[0];
    // If one b serves the whole batch, and the matrices of a lie directly below one another (a
    // linear layer over a sequence), they are multiplied as a single tall matrix.
    if (y.batch_stride == 0 && x.operation == CUBLAS_OP_N && x.batch_stride == m * x.leading &&
        batch_stride == m * leading) {
        m *= batch;
        batch = 1;
    }
    const auto run = [&]<class T>() {
        const T one = 1, keep = accumulate ? 1 : 0;
        cublas_check(cublasGemmStridedBatchedEx_64(
                         cublas(), y.operation, x.operation, n, m, k, &one, y.tensor.raw_data(),
                         cuda_type(y.tensor.dtype()), y.leading, y.batch_stride,
                         x.tensor.raw_data(), cuda_type(x.tensor.dtype()), x.leading,
                         x.batch_stride, &keep, out.raw_data(), cuda_type(out.dtype()), leading,
                         batch_stride, batch, compute_type(out.dtype()), CUBLAS_GEMM_DEFAULT),
                     "matmul");
    };
    out.dtype() == f64 ? run.template operator()<double>() : run.template operator()<float>();
}

}  // namespace eps::kernels::cuda
