// Matrix products through OpenBLAS, cut into panels by us.
#include <cblas.h>

#include <algorithm>

#include "tensor/create.h"
#include "tensor/kernels.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

// OpenBLAS splits a product by the number of threads, and with it changes the bits. We keep it to one thread and split ourselves, into
// panels that depend on the shape alone: the same bits for any number of threads.
void use_one_blas_thread() {
    static const bool once = [] {
        openblas_set_num_threads(1);
        return true;
    }();
    (void)once;
}

/// One operand of a product: where it starts, how far its rows are apart, and whether it lies transposed.
template <class T>
struct Matrix {
    const T* data;
    std::int64_t ld;
    bool transposed;
    const T* row(std::int64_t r) const { return data + (transposed ? r : r * ld); }
    const T* column(std::int64_t c) const { return data + (transposed ? c * ld : c); }
};

void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<float>& a, const Matrix<float>& b, float beta, float* c, std::int64_t ldc) {
    cblas_sgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans, static_cast<int>(m),
                static_cast<int>(n), static_cast<int>(k), 1, a.data, static_cast<int>(a.ld), b.data, static_cast<int>(b.ld), beta, c, static_cast<int>(ldc));
}
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<double>& a, const Matrix<double>& b, double beta, double* c, std::int64_t ldc) {
    cblas_dgemm(CblasRowMajor, a.transposed ? CblasTrans : CblasNoTrans, b.transposed ? CblasTrans : CblasNoTrans, static_cast<int>(m),
                static_cast<int>(n), static_cast<int>(k), 1, a.data, static_cast<int>(a.ld), b.data, static_cast<int>(b.ld), beta, c, static_cast<int>(ldc));
}

// [R, C] with these strides as BLAS sees it, if it can: one stride must be 1, the other at least as long as what it skips.
bool blas_layout(std::int64_t rows, std::int64_t columns, std::int64_t row_stride, std::int64_t column_stride, std::int64_t& ld, bool& transposed) {
    if ((column_stride == 1 || columns == 1) && (row_stride >= columns || rows == 1)) {
        ld = std::max<std::int64_t>({1, rows == 1 ? columns : row_stride, columns});
        transposed = false;
        return true;
    }
    if ((row_stride == 1 || rows == 1) && (column_stride >= rows || columns == 1)) {
        ld = std::max<std::int64_t>({1, columns == 1 ? rows : column_stride, rows});
        transposed = true;
        return true;
    }
    return false;
}

Tensor in_blas_layout(const Tensor& x) {  // [B, R, C]
    std::int64_t ld = 0;
    bool transposed = false;
    return blas_layout(x.size(1), x.size(2), x.strides()[1], x.strides()[2], ld, transposed) ? x : clone_data(x);
}

template <class T>
Matrix<T> matrix_of(const Tensor& x, std::int64_t batch) {
    Matrix<T> matrix{static_cast<const T*>(x.raw_data()) + batch * x.strides()[0], 0, false};
    blas_layout(x.size(1), x.size(2), x.strides()[1], x.strides()[2], matrix.ld, matrix.transposed);
    return matrix;
}

constexpr double kPanelWork = 1 << 22;   // multiply-adds of the smallest panel worth a thread of its own, about 40 us
constexpr std::int64_t kPanelLength = 160;  // rows below which packing the other operand anew for each panel costs over 3%
constexpr std::int64_t kMaxPanels = 8, kPanelUnit = 16;

// Length of the panels that `length` rows (or columns) are cut into: a function of the shape alone.
std::int64_t panel_length(std::int64_t length, double work) {
    std::int64_t panels = 1;
    while (panels < kMaxPanels && length >= 2 * panels * kPanelLength && work >= 2 * static_cast<double>(panels) * kPanelWork) panels *= 2;
    const std::int64_t even = (length + panels - 1) / panels;
    return (even + kPanelUnit - 1) / kPanelUnit * kPanelUnit;
}

template <class T>
void multiply(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    const std::int64_t batches = out.size(0), m = out.size(1), n = out.size(2), k = a.size(2);
    const double work = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
    const T beta = accumulate ? T(1) : T(0);
    const std::int64_t ldc = m == 1 ? n : out.strides()[1];
    const bool by_rows = m >= n;
    const std::int64_t length = by_rows ? m : n, panel = panel_length(length, work), panels = (length + panel - 1) / panel;
    const auto grain = static_cast<std::int64_t>(std::max(1.0, kPanelWork / std::max(1.0, work / static_cast<double>(panels))));
    parallel_for(batches * panels, panels > 1 ? 1 : grain, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t unit = begin; unit < end; ++unit) {
            const std::int64_t batch = unit / panels, first = unit % panels * panel, count = std::min(panel, length - first);
            Matrix<T> x = matrix_of<T>(a, batch), y = matrix_of<T>(b, batch);
            T* c = static_cast<T*>(out.raw_data()) + batch * out.strides()[0];
            if (by_rows) {
                x.data = x.row(first);
                gemm(count, n, k, x, y, beta, c + first * ldc, ldc);
            } else {
                y.data = y.column(first);
                gemm(m, count, k, x, y, beta, c + first, ldc);
            }
        }
    });
}

}  // namespace

void matmul(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    if (out.numel() == 0) return;
    if (a.size(2) == 0) {
        if (!accumulate) fill(out, 0);
        return;
    }
    use_one_blas_thread();
    const Tensor x = in_blas_layout(a), y = in_blas_layout(b);
    out.dtype() == DType::f64 ? multiply<double>(out, x, y, accumulate) : multiply<float>(out, x, y, accumulate);
}

}  // namespace eps::kernels::cpu
