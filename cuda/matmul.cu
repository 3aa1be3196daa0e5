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
    const auto run = [&]<class T>(auto gemm) {
        const T one = 1, keep = accumulate ? 1 : 0;
        cublas_check(gemm(cublas(), right.operation, left.operation, n, m, k, &one, static_cast<const T*>(right.tensor.raw_data()),
                          right.leading, right.batch_stride, static_cast<const T*>(left.tensor.raw_data()), left.leading, left.batch_stride,
                          &keep, static_cast<T*>(out.raw_data()), leading, batch_stride, batch),
                     "matmul");
    };
    if (out.dtype() == f32) run.template operator()<float>(cublasSgemmStridedBatched_64);
    else run.template operator()<double>(cublasDgemmStridedBatched_64);
}

}  // namespace eps::kernels::cuda
