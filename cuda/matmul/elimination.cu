// Cholesky, LU and triangular solves, a block of threads for each matrix. Pivots are taken one
// after the other; all threads together subtract what a pivot's row and column contribute to the
// rest.
#include <limits>

#include "cuda/reduction/lines.cuh"
#include "cuda/matmul/matrix_per_block.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/functions.h"

namespace eps::kernels::cuda {
namespace {

template <class T>
__global__ void __launch_bounds__(kBlock)
    cholesky_kernel(Matrices<T> out, Matrices<const T> a, std::int64_t n) {
    const Matrix<T> l = out.mine();
    const Matrix<const T> from = a.mine();
    each_of(n, n, [&](std::int64_t i, std::int64_t j) { l(i, j) = j <= i ? from(i, j) : T(0); });
    for (std::int64_t k = 0; k < n; ++k) {
        // column k of L
        __syncthreads();
        const T pivot = l(k, k);
        const T root = pivot > T(0) ? math::sqrt(pivot) : std::numeric_limits<T>::quiet_NaN();
        __syncthreads();
        for (std::int64_t i = k + threadIdx.x; i < n; i += kBlock)
            l(i, k) = i == k ? root : l(i, k) / root;
        __syncthreads();
        // what is left of the matrix
        each_of(n - k - 1, n - k - 1, [&, first = k + 1](std::int64_t i, std::int64_t j) {
            if (j <= i) l(first + i, first + j) -= l(first + i, k) * l(first + j, k);
        });
    }
}

template <class T> struct Pivot {
    T size;
    std::int64_t row;
};

template <class T>
__global__ void __launch_bounds__(kBlock)
    lu_kernel(Matrices<T> out, std::int64_t* orders, Matrices<const T> a, std::int64_t rows,
              std::int64_t n) {
    const Matrix<T> m = out.mine();
    const Matrix<const T> from = a.mine();
    std::int64_t* const order = orders + blockIdx.x * rows;
    each_of(n, rows, [&](std::int64_t j, std::int64_t i) { m(i, j) = from(i, j); });
    for (std::int64_t i = threadIdx.x; i < rows; i += kBlock) order[i] = i;
    for (std::int64_t k = 0; k < n; ++k) {
        // the pivot: the first of the largest elements of column k
        __syncthreads();
        Pivot<T> largest{T(-1), k};
        for (std::int64_t i = k + threadIdx.x; i < rows; i += kBlock)
            if (math::abs(m(i, k)) > largest.size) largest = {math::abs(m(i, k)), i};
        const std::int64_t row =
            WholeBlock::reduce(largest, [](Pivot<T> x, Pivot<T> y) {
                return y.size > x.size || (y.size == x.size && y.row < x.row) ? y : x;
            }).row;
        // swap rows k and `row`
        if (row != k) {
            for (std::int64_t j = threadIdx.x; j < n; j += kBlock) {
                const T above = m(k, j);
                m(k, j) = m(row, j);
                m(row, j) = above;
            }
            if (threadIdx.x == 0) {
                const std::int64_t above = order[k];
                order[k] = order[row];
                order[row] = above;
            }
            __syncthreads();
        }
        // column k of L; if the pivot is 0, so is all below it
        const T pivot = m(k, k);
        if (pivot != T(0))
            for (std::int64_t i = k + 1 + threadIdx.x; i < rows; i += kBlock) m(i, k) /= pivot;
        // what is left of the matrix
        __syncthreads();
        each_of(n - k - 1, rows - k - 1, [&, first = k + 1](std::int64_t j, std::int64_t i) {
            m(first + i, first + j) -= m(first + i, k) * m(k, first + j);
        });
    }
}

template <class T>
__global__ void __launch_bounds__(kBlock)
    triangular_solve_kernel(Matrices<T> right, Matrices<const T> left, std::int64_t n,
                            std::int64_t columns, bool upper, bool unit) {
    const Matrix<T> x = right.mine();
    const Matrix<const T> a = left.mine();
    for (std::int64_t step = 0; step < n; ++step) {
        const std::int64_t k = upper ? n - 1 - step : step;
        const std::int64_t first = upper ? 0 : k + 1;  // the first of the remaining rows
        if (!unit) {
            for (std::int64_t c = threadIdx.x; c < columns; c += kBlock) x(k, c) /= a(k, k);
            __syncthreads();
        }
        each_of(n - 1 - step, columns, [&](std::int64_t i, std::int64_t c) {
            x(first + i, c) -= a(first + i, k) * x(k, c);
        });
        __syncthreads();
    }
}

}  // namespace

void cholesky(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    check_count(a.size(0), "cholesky");
    visit_real(out, [&]<class T>() {
        cholesky_kernel<T><<<static_cast<unsigned>(a.size(0)), kBlock, 0, stream()>>>(
            Matrices<T>(out), Matrices<const T>(a), a.size(1));
    });
    check_launch("cholesky");
}

void lu(Tensor& out, Tensor& permutation, const Tensor& a) {
    if (out.numel() == 0) return;
    check_count(a.size(0), "lu");
    visit_real(out, [&]<class T>() {
        lu_kernel<T><<<static_cast<unsigned>(a.size(0)), kBlock, 0, stream()>>>(
            Matrices<T>(out), static_cast<std::int64_t*>(permutation.raw_data()),
            Matrices<const T>(a), a.size(1), a.size(2));
    });
    check_launch("lu");
}

void triangular_solve(Tensor& x, const Tensor& a, bool upper, bool unit) {
    if (x.numel() == 0) return;
    check_count(x.size(0), "solve_triangular");
    visit_real(x, [&]<class T>() {
        triangular_solve_kernel<T><<<static_cast<unsigned>(x.size(0)), kBlock, 0, stream()>>>(
            Matrices<T>(x), Matrices<const T>(a), x.size(1), x.size(2), upper, unit);
    });
    check_launch("solve_triangular");
}

}  // namespace eps::kernels::cuda
