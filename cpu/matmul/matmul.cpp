// Batched matrix products, and which of three ways computes each: matrix times vector by OpenBLAS,
// a small result of long sums in slices, everything else by Gemm.
#include <algorithm>
#include <limits>

#include "cpu/matmul/gemm.h"
#include "cpu/matmul/lapack.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

// Multiply-adds that are worth a second thread; multiply-adds of one product that is worth all.
constexpr std::int64_t kThreadWork = 1 << 20, kSharedWork = 1 << 24;
// A result of at most kSmallResult elements does not occupy all threads: its sums are cut into at
// most kMaxSlices slices of at least kSliceLength steps.
constexpr std::int64_t kSmallResult = 1 << 15, kMaxSlices = 8, kSliceLength = 2048;

int narrow(std::int64_t extent) {
    check(extent <= std::numeric_limits<int>::max(), "matmul",
          "an extent or stride is beyond what BLAS can count; got ", extent);
    return static_cast<int>(extent);
}

// y = A x with A [rows, columns]. Such a product reads its matrix once, so packing would cost as
// much as the product. Returns false, having done nothing, if no stride of A is 1, as BLAS demands.
template <class T>
bool multiply_vector(std::int64_t rows, std::int64_t columns, const T* a, std::int64_t a_row,
                     std::int64_t a_column, const T* x, std::int64_t x_step, T* y,
                     std::int64_t y_step, bool accumulate) {
    const bool by_rows = a_column == 1 && a_row >= columns;
    const bool by_columns = a_row == 1 && a_column >= rows;
    if ((!by_rows && !by_columns) || x_step <= 0 || y_step <= 0) return false;
    if (!accumulate)  // gemv would multiply the old y by 0, and 0 * NaN is NaN
        for (std::int64_t i = 0; i < rows; ++i) y[i * y_step] = T(0);
    const BlasCall call;
    // BLAS counts by columns: to it, memory by rows holds the transpose.
    const auto product = [&](const char* op, std::int64_t m, std::int64_t n, std::int64_t ld) {
        blas::gemv(op, narrow(m), narrow(n), a, narrow(ld), x, narrow(x_step), y, narrow(y_step));
    };
    by_rows ? product("T", columns, rows, a_row) : product("N", rows, columns, a_column);
    return true;
}

template <class T> void multiply(const Gemm<T>& g) {
    if (g.n == 1 && multiply_vector(g.m, g.k, g.a, g.a_row, g.a_column, g.b, g.b_row, g.c, g.c_row,
                                    g.accumulate))
        return;
    if (g.m == 1 && multiply_vector(g.n, g.k, g.b, g.b_column, g.b_row, g.a, g.a_column, g.c,
                                    std::int64_t{1}, g.accumulate))
        return;
    g.run();
}

// A small result of long sums, such as the gradient of a weight: the sums are cut into slices, by
// shape alone, and the slices' results are added in order.
template <class T> void multiply_by_slices(const Gemm<T>& g, std::int64_t slices) {
    const Tensor partial = empty({slices - 1, g.m, g.n}, {.dtype = dtype_of<T>});
    T* const rest = static_cast<T*>(partial.raw_data());
    parallel_for(slices, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t s = begin; s < end; ++s) {
            Gemm<T> slice = g;
            const std::int64_t first = g.k * s / slices;
            slice.k = g.k * (s + 1) / slices - first;
            slice.a += first * g.a_column;
            slice.b += first * g.b_row;
            if (s > 0) {
                slice.c = rest + (s - 1) * g.m * g.n;
                slice.c_row = g.n;
                slice.accumulate = false;
            }
            slice.run();
        }
    });
    for (std::int64_t s = 0; s + 1 < slices; ++s)
        for (std::int64_t i = 0; i < g.m; ++i)
            for (std::int64_t j = 0; j < g.n; ++j)
                g.c[i * g.c_row + j] += rest[(s * g.m + i) * g.n + j];
}

template <class T>
void multiply_batch(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    const std::int64_t batches = out.size(0);
    const Gemm<T> first{.m = out.size(1),
                        .n = out.size(2),
                        .k = a.size(2),
                        .a = static_cast<const T*>(a.raw_data()),
                        .a_row = a.strides()[1],
                        .a_column = a.strides()[2],
                        .b = static_cast<const T*>(b.raw_data()),
                        .b_row = b.strides()[1],
                        .b_column = b.strides()[2],
                        .c = static_cast<T*>(out.raw_data()),
                        .c_row = out.size(1) == 1 ? out.size(2) : out.strides()[1],
                        .accumulate = accumulate};
    const double work =
        static_cast<double>(first.m) * static_cast<double>(first.n) * static_cast<double>(first.k);
    if (batches == 1) {
        const auto slices = std::min<std::int64_t>(
            {kMaxSlices, first.k / kSliceLength, static_cast<std::int64_t>(work) / kThreadWork});
        const bool is_small = first.m > 1 && first.n > 1 && first.m * first.n <= kSmallResult;
        return is_small && slices > 1 ? multiply_by_slices(first, slices) : multiply(first);
    }
    const auto range = [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            Gemm<T> g = first;
            g.a += i * a.strides()[0];
            g.b += i * b.strides()[0];
            g.c += i * out.strides()[0];
            multiply(g);
        }
    };
    if (work >= static_cast<double>(kSharedWork)) return range(0, batches);
    const auto grain = static_cast<std::int64_t>(kThreadWork / std::max(work, 1.0));
    parallel_for(batches, std::max<std::int64_t>(1, grain), range);
}

}  // namespace

void matmul(Tensor& out, const Tensor& a, const Tensor& b, bool accumulate) {
    if (out.numel() == 0) return;
    if (a.size(2) == 0) {
        if (!accumulate) fill(out, 0);
        return;
    }
    visit_real(out.dtype(), [&]<class T>() { multiply_batch<T>(out, a, b, accumulate); });
}

// The bias first, then the product added to it.
void linear(Tensor& out, const Tensor& x, const Tensor& weight, const Tensor& bias) {
    const auto matrix = [](const Tensor& t, int row, int column) {
        return t.as_strided({1, t.size(row), t.size(column)},
                            {0, t.strides()[row], t.strides()[column]}, t.offset());
    };
    copy(out, bias);
    Tensor sum = matrix(out, 0, 1);
    matmul(sum, matrix(x, 0, 1), matrix(weight, 1, 0), true);
}

}  // namespace eps::kernels::cpu
