// Matrix products through OpenBLAS, cut into panels by us.
#include <cblas.h>
#ifdef _OPENMP
#include <omp.h>
#else
#include <mutex>
#endif

#include <algorithm>
#include <limits>

#include "tensor/create.h"
#include "tensor/kernels.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

// While one of these lives, OpenBLAS computes on the calling thread alone. It would split a product by the number of threads, and with
// it change the bits; we split by shape.
#ifdef _OPENMP
// An OpenMP build of OpenBLAS asks omp_get_max_threads() at every call, a setting that each thread of the program has for itself and that
// we give back; a build of another kind has one setting for the process.
class OneBlasThread {
public:
    OneBlasThread() {
        static const bool once = [] {
            openblas_set_num_threads(1);
            return true;
        }();
        (void)once;
        if (before_ != 1) omp_set_num_threads(1);
    }
    ~OneBlasThread() {
        if (before_ != 1) omp_set_num_threads(before_);
    }
    OneBlasThread(const OneBlasThread&) = delete;
    OneBlasThread& operator=(const OneBlasThread&) = delete;

private:
    int before_ = omp_get_max_threads();
};
#else
// Plain threads: whatever the setting belongs to, each thread makes it once.
struct OneBlasThread {
    OneBlasThread() {
        thread_local const bool once = [] {
            static std::mutex mutex;
            const std::lock_guard lock(mutex);
            openblas_set_num_threads(1);
            return true;
        }();
        (void)once;
    }
};
#endif

/// One operand of a product: where it starts, how far its rows are apart, and whether it lies transposed.
template <class T>
struct Matrix {
    const T* data;
    std::int64_t ld;
    bool transposed;
    const T* row(std::int64_t r) const { return data + (transposed ? r : r * ld); }
    const T* column(std::int64_t c) const { return data + (transposed ? c * ld : c); }
    CBLAS_TRANSPOSE op() const { return transposed ? CblasTrans : CblasNoTrans; }
};

int narrow(std::int64_t extent) {
    check(extent <= std::numeric_limits<int>::max(), "matmul", "an extent or stride is beyond what BLAS can count; got ", extent);
    return static_cast<int>(extent);
}

// c [M, N] = a [M, K] b [K, N] + beta c
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<float>& a, const Matrix<float>& b, float beta, float* c,
          std::int64_t ldc) {
    cblas_sgemm(CblasRowMajor, a.op(), b.op(), narrow(m), narrow(n), narrow(k), 1, a.data, narrow(a.ld), b.data, narrow(b.ld), beta, c,
                narrow(ldc));
}
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<double>& a, const Matrix<double>& b, double beta, double* c,
          std::int64_t ldc) {
    cblas_dgemm(CblasRowMajor, a.op(), b.op(), narrow(m), narrow(n), narrow(k), 1, a.data, narrow(a.ld), b.data, narrow(b.ld), beta, c,
                narrow(ldc));
}

// y = op(a) x + y; a is stored as [rows, columns].
void gemv(CBLAS_TRANSPOSE op, std::int64_t rows, std::int64_t columns, const Matrix<float>& a, const float* x, std::int64_t x_step, float* y,
          std::int64_t y_step) {
    cblas_sgemv(CblasRowMajor, op, narrow(rows), narrow(columns), 1, a.data, narrow(a.ld), x, narrow(x_step), 1, y, narrow(y_step));
}
void gemv(CBLAS_TRANSPOSE op, std::int64_t rows, std::int64_t columns, const Matrix<double>& a, const double* x, std::int64_t x_step, double* y,
          std::int64_t y_step) {
    cblas_dgemv(CblasRowMajor, op, narrow(rows), narrow(columns), 1, a.data, narrow(a.ld), x, narrow(x_step), 1, y, narrow(y_step));
}

// A product with one row or one column reads its matrix once; gemm would first copy it into blocks.
template <class T>
void multiply_vector(std::int64_t m, std::int64_t n, std::int64_t k, const Matrix<T>& a, const Matrix<T>& b, T beta, T* c, std::int64_t ldc) {
    const std::int64_t step = m == 1 ? 1 : ldc;
    if (beta == T(0))  // not by gemv, which multiplies what is there: 0 * NaN is NaN
        for (std::int64_t i = 0; i < std::max(m, n); ++i) c[i * step] = T(0);
    if (m == 1) {  // c = b^T a
        const std::int64_t a_step = a.transposed ? a.ld : 1;
        b.transposed ? gemv(CblasNoTrans, n, k, b, a.data, a_step, c, 1) : gemv(CblasTrans, k, n, b, a.data, a_step, c, 1);
    } else {
        const std::int64_t b_step = b.transposed ? 1 : b.ld;
        a.transposed ? gemv(CblasTrans, k, m, a, b.data, b_step, c, step) : gemv(CblasNoTrans, m, k, a, b.data, b_step, c, step);
    }
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

// x, or a copy that BLAS can read; a matrix that is the same for the whole batch is copied once.
Tensor in_blas_layout(const Tensor& x) {  // [B, R, C]
    std::int64_t ld = 0;
    bool transposed = false;
    if (blas_layout(x.size(1), x.size(2), x.strides()[1], x.strides()[2], ld, transposed)) return x;
    if (x.strides()[0] != 0) return clone_data(x);
    const Tensor one = clone_data(x.as_strided({1, x.size(1), x.size(2)}, x.strides(), x.offset()));
    return one.as_strided(x.shape(), {0, x.size(2), 1}, 0);
}

template <class T>
Matrix<T> matrix_of(const Tensor& x) {
    Matrix<T> matrix{static_cast<const T*>(x.raw_data()), 0, false};
    blas_layout(x.size(1), x.size(2), x.strides()[1], x.strides()[2], matrix.ld, matrix.transposed);
    return matrix;
}

constexpr double kPanelWork = 1 << 21;     // multiply-adds of the smallest panel worth a thread of its own, about 20 us
constexpr double kMostCopying = 1.0 / 256;  // elements copied over again for the panels' sake, per multiply-add: costs about 1%
constexpr std::int64_t kMaxPanels = 64, kPanelUnit = 16;
constexpr std::int64_t kMaxSlices = 8, kSliceLength = 2048;  // of the summed dimension

/// How a product is cut: `down` times `across` panels of `rows` x `columns` of the result, a function of the shape alone. BLAS lays out
/// the rows of a and the columns of b that a panel needs once for each panel.
struct Panels {
    std::int64_t rows, columns, down = 1, across = 1;
    Panels(std::int64_t m, std::int64_t n, double work) {
        while (down * across < kMaxPanels && work >= 2 * kPanelWork * static_cast<double>(down * across)) {
            const bool by_rows = m * across > n * down;  // halve the longer side
            const std::int64_t d = by_rows ? 2 * down : down, a = by_rows ? across : 2 * across;
            if (static_cast<double>(d - 1) / static_cast<double>(m) + static_cast<double>(a - 1) / static_cast<double>(n) > kMostCopying) break;
            down = d;
            across = a;
        }
        rows = part(m, down);
        columns = part(n, across);
        down = (m + rows - 1) / rows;
        across = (n + columns - 1) / columns;
    }
    std::int64_t count() const { return down * across; }

private:
    static std::int64_t part(std::int64_t length, std::int64_t parts) {
        const std::int64_t even = (length + parts - 1) / parts;
        return parts == 1 ? length : (even + kPanelUnit - 1) / kPanelUnit * kPanelUnit;
    }
};

/// One batch of products, [M, K] times [K, N]; every batch of it is alike.
template <class T>
struct Product {
    std::int64_t batches, m, n, k, ldc;
    std::int64_t a_batch, b_batch, c_batch;  // from one batch to the next
    Matrix<T> a, b;
    T* c;
    T beta;
    double work;  // multiply-adds of a batch

    Product(Tensor& out, const Tensor& left, const Tensor& right, bool accumulate)
        : batches(out.size(0)), m(out.size(1)), n(out.size(2)), k(left.size(2)), ldc(m == 1 ? n : out.strides()[1]), a_batch(left.strides()[0]),
          b_batch(right.strides()[0]), c_batch(out.strides()[0]), a(matrix_of<T>(left)), b(matrix_of<T>(right)), c(static_cast<T*>(out.raw_data())),
          beta(accumulate ? T(1) : T(0)), work(static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k)) {}

    void by_panels(const Panels& panels) const {
        const double panel_work = work / static_cast<double>(panels.count());
        const auto grain = static_cast<std::int64_t>(std::max(1.0, kPanelWork / std::max(1.0, panel_work)));
        parallel_for(batches * panels.count(), grain, [&](std::int64_t begin, std::int64_t end) {
            const OneBlasThread guard;
            for (std::int64_t unit = begin; unit < end; ++unit) panel(panels, unit / panels.count(), unit % panels.count());
        });
    }
    void panel(const Panels& panels, std::int64_t batch, std::int64_t index) const {
        const std::int64_t row = index / panels.across * panels.rows, column = index % panels.across * panels.columns;
        const std::int64_t height = std::min(panels.rows, m - row), width = std::min(panels.columns, n - column);
        const Matrix<T> x{a.row(row) + batch * a_batch, a.ld, a.transposed}, y{b.column(column) + batch * b_batch, b.ld, b.transposed};
        T* const target = c + batch * c_batch + row * ldc + column;
        if (m == 1 || n == 1) multiply_vector(height, width, k, x, y, beta, target, ldc);
        else gemm(height, width, k, x, y, beta, target, ldc);
    }

    // A small result of long sums, as gradients of weights are: the sums are cut instead, and the slices' results added in order.
    void by_slices(std::int64_t slices) const {
        const std::int64_t length = (k + slices - 1) / slices;
        const Tensor partial = empty({slices - 1, m, n}, {.dtype = dtype_of<T>});
        T* const rest = static_cast<T*>(partial.raw_data());
        parallel_for(slices, 1, [&](std::int64_t begin, std::int64_t end) {
            const OneBlasThread guard;
            for (std::int64_t s = begin; s < end; ++s) {
                const std::int64_t first = s * length, count = std::min(length, k - first);
                const Matrix<T> x{a.column(first), a.ld, a.transposed}, y{b.row(first), b.ld, b.transposed};
                if (s == 0) gemm(m, n, count, x, y, beta, c, ldc);
                else gemm(m, n, count, x, y, T(0), rest + (s - 1) * m * n, n);
            }
        });
        for (std::int64_t s = 0; s + 1 < slices; ++s)
            for (std::int64_t i = 0; i < m; ++i)
                for (std::int64_t j = 0; j < n; ++j) c[i * ldc + j] += rest[(s * m + i) * n + j];
    }

    void run() const {
        const Panels panels(m, n, work);
        const auto slices = std::min<std::int64_t>({kMaxSlices, k / kSliceLength, static_cast<std::int64_t>(work / kPanelWork)});
        if (batches == 1 && panels.count() == 1 && slices > 1 && m > 1 && n > 1) by_slices(slices);
        else by_panels(panels);
    }
};

}  // namespace

void matmul(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    if (out.numel() == 0) return;
    if (a.size(2) == 0) {
        if (!accumulate) fill(out, 0);
        return;
    }
    const Tensor x = in_blas_layout(a), y = in_blas_layout(b);
    out.dtype() == DType::f64 ? Product<double>(out, x, y, accumulate).run() : Product<float>(out, x, y, accumulate).run();
}

}  // namespace eps::kernels::cpu
