// Factorisations and triangular solves by LAPACK and BLAS. One thread computes each matrix; threads
// share the matrices of a batch.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "cpu/matmul/lapack.h"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kThreadWork = 1 << 18;  // multiply-adds that are worth a second thread
constexpr std::int64_t kMaxExtent = 32000;     // the size of a workspace, 2 n^2, is still an int

int narrow(std::int64_t extent, const char* op) {
    check(extent <= kMaxExtent, op, "the matrix is beyond what LAPACK can count; got extent ",
          extent, "; expected at most ", kMaxExtent);
    return static_cast<int>(extent);
}

// Calls f(begin, end) for ranges of `count` matrices, each worth rows * columns * inner
// multiply-adds.
template <class F>
void for_each_range(std::int64_t count, std::int64_t rows, std::int64_t columns, std::int64_t inner,
                    const F& f) {
    const std::int64_t work = std::max<std::int64_t>(1, rows * columns * inner);
    parallel_for(count, std::max<std::int64_t>(1, kThreadWork / work),
                 [&](std::int64_t begin, std::int64_t end) {
                     const BlasCall call;
                     f(begin, end);
                 });
}

// True if all of a [m, n], or its lower triangle, is finite; a is column-major. Other matrices are
// kept from LAPACK, whose searches and iterations may not end on them.
template <class T>
bool is_finite(const T* a, std::int64_t m, std::int64_t n, std::int64_t ld, bool lower) {
    T zero = 0;
    for (std::int64_t j = 0; j < n; ++j)
        for (std::int64_t i = lower ? j : 0; i < m; ++i) zero += a[i + j * ld] * T(0);
    return zero == T(0);
}

// Row-major memory is the transpose in column-major order, whose factor U, with a = U^T U, is our L
// in row-major order. After a failure at minor `failed`, rows are NaN from that column on.
template <class T> void factor_cholesky(T* a, int n) {
    const int failed = lapack::potrf(n, a, n);
    for (int i = 0; i < n; ++i)
        std::fill(a + i * std::int64_t{n} + i + 1, a + (i + std::int64_t{1}) * n, T(0));
    for (int i = std::max(failed, 1) - 1; failed > 0 && i < n; ++i)
        std::fill(a + i * std::int64_t{n} + failed - 1, a + i * std::int64_t{n} + i + 1,
                  std::numeric_limits<T>::quiet_NaN());
}

template <class T>
void factor_lu(T* a, std::int64_t* permutation, int m, int n, std::vector<int>& pivots) {
    std::iota(permutation, permutation + m, 0);
    if (!is_finite(a, m, n, m, false)) {
        std::fill_n(a, std::int64_t{m} * n, std::numeric_limits<T>::quiet_NaN());
        return;
    }
    lapack::getrf(m, n, a, m, pivots.data());
    for (int i = 0; i < n; ++i)
        std::swap(permutation[i], permutation[pivots[static_cast<std::size_t>(i)] - 1]);
}

template <class T> void factor_qr(T* a, int m, int n, std::vector<T>& tau, std::vector<T>& work) {
    const int ld = m + n, size = static_cast<int>(work.size());
    lapack::geqrf(m, n, a, ld, tau.data(), work.data(), size);
    for (std::int64_t j = 0; j < n; ++j) {
        T *const q = a + j * ld, *const r = q + m;
        std::copy_n(q, j + 1, r);
        std::fill(r + j + 1, r + n, T(0));
    }
    lapack::orgqr(m, n, a, ld, tau.data(), work.data(), size);
}

// The workspace that is best for both routines.
template <class T> std::size_t qr_workspace(int m, int n) {
    T factor = 1, generate = 1, none = 0;
    lapack::geqrf(m, n, &none, m + n, &none, &factor, -1);
    lapack::orgqr(m, n, &none, m + n, &none, &generate, -1);
    return static_cast<std::size_t>(std::max({factor, generate, static_cast<T>(n)}));
}

template <class T>
void solve_triangular(T* x, std::int64_t columns, const T* a, int n, int ld, bool by_columns,
                      bool upper, bool unit) {
    // BLAS counts by columns, so to it x holds its transpose: X^T A^T = B^T. If a is by rows, it
    // holds A^T, whose triangle is the other one.
    blas::trsm(upper == by_columns ? "U" : "L", by_columns ? "T" : "N", unit ? "U" : "N",
               static_cast<int>(columns), n, a, ld, x);
}

}  // namespace

void cholesky(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    copy(out, a);
    const int n = narrow(a.size(-1), "cholesky");
    visit_real(out.dtype(), [&]<class T>() {
        T* const data = out.data<T>();
        for_each_range(a.size(0), n, n, n, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t b = begin; b < end; ++b) factor_cholesky(data + b * n * n, n);
        });
    });
}

void lu(Tensor& out, Tensor& permutation, const Tensor& a) {
    if (out.numel() == 0) return;
    copy(out, a);
    const int n = narrow(a.size(-1), "lu"), m = narrow(a.size(-2), "lu");
    auto* const order = permutation.data<std::int64_t>();
    visit_real(out.dtype(), [&]<class T>() {
        T* const data = out.data<T>();
        for_each_range(a.size(0), m, n, n, [&](std::int64_t begin, std::int64_t end) {
            std::vector<int> pivots(static_cast<std::size_t>(n));
            for (std::int64_t b = begin; b < end; ++b)
                factor_lu(data + b * m * n, order + b * m, m, n, pivots);
        });
    });
}

void qr(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    Tensor top = out.as_strided(a.shape(), out.strides(), out.offset());
    copy(top, a);
    const int n = narrow(a.size(-1), "qr"), m = narrow(a.size(-2), "qr");
    visit_real(out.dtype(), [&]<class T>() {
        T* const data = out.data<T>();
        for_each_range(a.size(0), m, n, n, [&](std::int64_t begin, std::int64_t end) {
            std::vector<T> tau(static_cast<std::size_t>(n)), work(qr_workspace<T>(m, n));
            for (std::int64_t b = begin; b < end; ++b)
                factor_qr(data + b * (m + n) * n, m, n, tau, work);
        });
    });
}

void eigh(Tensor& out, const Tensor& a) {
    if (out.numel() == 0) return;
    Tensor top = out.as_strided(a.shape(), out.strides(), out.offset());
    copy(top, a);
    const int n = narrow(a.size(-1), "eigh"), ld = n + 1;
    visit_real(out.dtype(), [&]<class T>() {
        T* const data = out.data<T>();
        for_each_range(
            a.size(0), n, n, 10 * std::int64_t{n}, [&](std::int64_t begin, std::int64_t end) {
                const auto size = static_cast<std::size_t>(n);
                std::vector<T> values(size), work(1 + 6 * size + 2 * size * size);
                std::vector<int> iwork(3 + 5 * size);
                for (std::int64_t b = begin; b < end; ++b) {
                    T* const vectors = data + b * ld * n;
                    if (!is_finite(vectors, n, n, ld, true) ||
                        lapack::syevd(n, vectors, ld, values.data(), work, iwork) != 0)
                        std::fill(values.begin(), values.end(),
                                  std::numeric_limits<T>::quiet_NaN());
                    for (int j = 0; j < n; ++j)
                        vectors[n + std::int64_t{j} * ld] = values[static_cast<std::size_t>(j)];
                }
            });
    });
}

void triangular_solve(Tensor& x, const Tensor& a, bool upper, bool unit) {
    if (x.numel() == 0) return;
    const int n = narrow(a.size(-1), "solve_triangular");
    check(x.size(-1) <= std::numeric_limits<int>::max(), "solve_triangular",
          "too many right sides for BLAS; got ", x.size(-1));
    const auto fits = [n](std::int64_t one, std::int64_t ld) {
        return n == 1 || (one == 1 && ld >= n && ld <= std::numeric_limits<int>::max());
    };
    const bool by_rows = fits(a.strides()[2], a.strides()[1]);
    const bool by_columns = !by_rows && fits(a.strides()[1], a.strides()[2]);
    if (!by_rows && !by_columns) return triangular_solve(x, raw::clone(a), upper, unit);
    const int ld = n == 1 ? 1 : static_cast<int>(a.strides()[by_columns ? 2 : 1]);
    visit_real(x.dtype(), [&]<class T>() {
        T* const to = x.data<T>();
        const T* const from = a.data<T>();
        const std::int64_t k = x.size(-1);
        for_each_range(x.size(0), n, n, k, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t b = begin; b < end; ++b)
                solve_triangular(to + b * n * k, k, from + b * a.strides()[0], n, ld, by_columns,
                                 upper, unit);
        });
    });
}

}  // namespace eps::kernels::cpu
