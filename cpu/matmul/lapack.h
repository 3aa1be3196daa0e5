#pragma once
// The routines of BLAS and LAPACK that we call. They follow Fortran's conventions: matrices are
// column-major, with element (i, j) at i + j ld, arguments are passed by address, and the lengths
// of strings come last. Call them within the life of a BlasCall only.
#include <cstddef>
#include <vector>

#include "cpu/matmul/openblas.h"

namespace eps::kernels::cpu {

namespace blas {

/// y += op(a) x for a [m, n] and op "N" (a itself) or "T" (its transpose).
template <class T>
void gemv(const char* op, int m, int n, const T* a, int ld, const T* x, int x_step, T* y,
          int y_step) {
    const T one = 1;
    routines<T>().gemv(op, &m, &n, &one, a, &ld, x, &x_step, &one, y, &y_step, 1);
}

/// x = b op(a)^-1 for b in x [m, n] and a triangle of a [n, n]: "U" or "L". Its diagonal is "U" (1,
/// and not read) or "N".
template <class T>
void trsm(const char* triangle, const char* op, const char* diagonal, int m, int n, const T* a,
          int ld, T* x) {
    const T one = 1;
    routines<T>().trsm("R", triangle, op, diagonal, &m, &n, &one, a, &ld, x, &m, 1, 1, 1, 1);
}

}  // namespace blas

// Each returns the routine's `info`: 0, or where it failed.
namespace lapack {

/// a = U^T U, U over the upper triangle of a.
template <class T> int potrf(int n, T* a, int ld) {
    int info = 0;
    routines<T>().potrf("U", &n, a, &ld, &info, 1);
    return info;
}
/// L U = a [m, n] after exchanging row i with row pivots[i] - 1, for i = 0, 1, ...; both over a.
template <class T> int getrf(int m, int n, T* a, int ld, int* pivots) {
    int info = 0;
    routines<T>().getrf(&m, &n, a, &ld, pivots, &info);
    return info;
}
/// R over the upper triangle of a [m, n], the reflections below it and in tau [n]. With size -1 it
/// writes the best size to work[0].
template <class T> int geqrf(int m, int n, T* a, int ld, T* tau, T* work, int size) {
    int info = 0;
    routines<T>().geqrf(&m, &n, a, &ld, tau, work, &size, &info);
    return info;
}
/// The first n columns of the product of those reflections, over a.
template <class T> int orgqr(int m, int n, T* a, int ld, const T* tau, T* work, int size) {
    int info = 0;
    routines<T>().orgqr(&m, &n, &n, a, &ld, tau, work, &size, &info);
    return info;
}
/// Eigenvalues w [n], ascending, and their vectors over a, whose lower triangle is read.
template <class T>
int syevd(int n, T* a, int ld, T* w, std::vector<T>& work, std::vector<int>& iwork) {
    int info = 0;
    const int size = static_cast<int>(work.size()), isize = static_cast<int>(iwork.size());
    routines<T>().syevd("V", "L", &n, a, &ld, w, work.data(), &size, iwork.data(), &isize, &info, 1,
                        1);
    return info;
}

}  // namespace lapack
}  // namespace eps::kernels::cpu
