// Batched matrix product by cuBLAS.
//
// cuBLAS stores matrices by columns. Read that way, our row-major memory holds the transposes, and
//
//     out = a b   is   out^T = b^T a^T
//
// so we hand it b first, then a, and no element moves. An operand that is itself a transposed view differs only in a flag.
#include "cuda/context.h"
#include "tensor/create.h"
#include "tensor/kernels.h"
#include "tensor/precision.h"

namespace eps::kernels::cuda {
namespace {

// A [batch, rows, columns] tensor as cuBLAS takes it.
struct Matrix {
    Tensor tensor;  // the operand or a row-major copy of it
    cublasOperation_t operation = CUBLAS_OP_N;
    std::int64_t leading = 1, batch_stride = 0;
};

// True if rows `stride` apart, each `length` contiguous elements long, make a matrix; a dimension of one element has no stride to obey.
bool rows_fit(std::int64_t rows, std::int64_t stride, std::int64_t length, std::int64_t inner_stride) {
    return (length == 1 || inner_stride == 1) && (rows == 1 || stride >= length);
}

Matrix as_matrix(const Tensor& x) {
    const std::int64_t rows = x.size(1), columns = x.size(2), by_row = x.strides()[1], by_column = x.strides()[2];
    const std::int64_t batch_stride = x.size(0) == 1 ? 0 : x.strides()[0];  // 0 also where one matrix serves the whole batch
    if (rows_fit(rows, by_row, columns, by_column)) return {x, CUBLAS_OP_N, rows == 1 ? columns : by_row, batch_stride};
    if (rows_fit(columns, by_column, rows, by_row)) return {x, CUBLAS_OP_T, columns == 1 ? rows : by_column, batch_stride};
    return as_matrix(clone_data(x));
}

// The same in bf16, without gaps between its rows and matrices; one matrix where one serves the whole batch.
Matrix rounded(const Matrix& x) {
    const Tensor& t = x.tensor;
    const bool transposed = x.operation == CUBLAS_OP_T;
    const int row = transposed ? 2 : 1, column = 3 - row;  // as they lie in memory
    const std::int64_t matrices = x.batch_stride == 0 ? 1 : t.size(0), rows = t.size(row), columns = t.size(column);
    const Tensor in_memory = t.as_strided({matrices, rows, columns}, {x.batch_stride, t.strides()[row], t.strides()[column]}, t.offset());
    return {cast_data(in_memory, bf16), x.operation, columns, matrices == 1 ? 0 : rows * columns};
}

cudaDataType_t cuda_type(DType dtype) { return dtype == f64 ? CUDA_R_64F : dtype == bf16 ? CUDA_R_16BF : CUDA_R_32F; }

}  // namespace

void matmul(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    if (out.numel() == 0) return;
    const std::int64_t n = out.size(2), k = a.size(2);
    std::int64_t batch = out.size(0), m = out.size(1);
    if (k == 0) {  // a sum of nothing
        if (!accumulate) fill(out, 0);
        return;
    }
    const Matrix left = as_matrix(a), right = as_matrix(b);
    const std::int64_t leading = m == 1 ? n : out.strides()[1], batch_stride = out.strides()[0];
    // One b for a whole batch of a's that lie below one another: a single tall matrix, as in a linear layer over a sequence.
    if (right.batch_stride == 0 && left.operation == CUBLAS_OP_N && left.batch_stride == m * left.leading && batch_stride == m * leading) {
        m *= batch;
        batch = 1;
    }
    const bool rounds = out.dtype() == f32 && precision() == Precision::bf16;
    const Matrix x = rounds ? rounded(left) : left, y = rounds ? rounded(right) : right;
    const cudaDataType_t factors = cuda_type(x.tensor.dtype()), result = cuda_type(out.dtype());
    const auto run = [&]<class T>(cublasComputeType_t compute) {
        const T one = 1, keep = accumulate ? 1 : 0;
        cublas_check(cublasGemmStridedBatchedEx_64(cublas(), y.operation, x.operation, n, m, k, &one, y.tensor.raw_data(), factors, y.leading,
                                                   y.batch_stride, x.tensor.raw_data(), factors, x.leading, x.batch_stride, &keep, out.raw_data(), result,
                                                   leading, batch_stride, batch, compute, CUBLAS_GEMM_DEFAULT),
                     "matmul");
    };
    if (out.dtype() == f64) return run.template operator()<double>(CUBLAS_COMPUTE_64F);
    run.template operator()<float>(precision() == Precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F);
}

}  // namespace eps::kernels::cuda
