#pragma once
// The LAPACK routines that we call. They are in OpenBLAS's library, but no header that comes with
// it declares them. They follow Fortran's conventions: matrices are column-major, with element (i,
// j) at i + j ld, arguments are passed by address, and the lengths of strings come last. Each
// wrapper returns the routine's `info`: 0, or where it failed.
#include <algorithm>
#include <cstddef>
#include <vector>

#define EPS_LAPACK_DECLARE(p, T)                                                                   \
    void p##potrf_(const char* triangle, const int* n, T* a, const int* ld, int* info,             \
                   std::size_t);                                                                   \
    void p##getrf_(const int* m, const int* n, T* a, const int* ld, int* pivots, int* info);       \
    void p##geqrf_(const int* m, const int* n, T* a, const int* ld, T* tau, T* work,               \
                   const int* size, int* info);                                                    \
    void p##orgqr_(const int* m, const int* n, const int* k, T* a, const int* ld, const T* tau,    \
                   T* work, const int* size, int* info);                                           \
    void p##syevd_(const char* job, const char* triangle, const int* n, T* a, const int* ld, T* w, \
                   T* work, const int* size, int* iwork, const int* isize, int* info, std::size_t, \
                   std::size_t);
extern "C" {
EPS_LAPACK_DECLARE(s, float)
EPS_LAPACK_DECLARE(d, double)
}
#undef EPS_LAPACK_DECLARE

namespace eps::kernels::cpu::lapack {

#define EPS_LAPACK_DEFINE(p, T)                                                                    \
    /* a = U^T U, U over the upper triangle of a. */                                               \
    inline int potrf(int n, T* a, int ld) {                                                        \
        int info = 0;                                                                              \
        p##potrf_("U", &n, a, &ld, &info, 1);                                                      \
        return info;                                                                               \
    }                                                                                              \
    /* L U = a after exchanging row i with row pivots[i] - 1, for i = 0, 1, ...; both over a. */   \
    inline int getrf(int n, T* a, int ld, int* pivots) {                                           \
        int info = 0;                                                                              \
        p##getrf_(&n, &n, a, &ld, pivots, &info);                                                  \
        return info;                                                                               \
    }                                                                                              \
    /* R over the upper triangle of a [m, n], the reflections below it and in tau [n]. With size   \
     * -1 it writes the best size to work[0]. */                                                   \
    inline int geqrf(int m, int n, T* a, int ld, T* tau, T* work, int size) {                      \
        int info = 0;                                                                              \
        p##geqrf_(&m, &n, a, &ld, tau, work, &size, &info);                                        \
        return info;                                                                               \
    }                                                                                              \
    /* The first n columns of the product of those reflections, over a. */                         \
    inline int orgqr(int m, int n, T* a, int ld, const T* tau, T* work, int size) {                \
        int info = 0;                                                                              \
        p##orgqr_(&m, &n, &n, a, &ld, tau, work, &size, &info);                                    \
        return info;                                                                               \
    }                                                                                              \
    /* Eigenvalues w [n], ascending, and their vectors over a, whose lower triangle is read. */    \
    inline int syevd(int n, T* a, int ld, T* w, std::vector<T>& work, std::vector<int>& iwork) {   \
        int info = 0;                                                                              \
        const int size = static_cast<int>(work.size()), isize = static_cast<int>(iwork.size());    \
        p##syevd_("V", "L", &n, a, &ld, w, work.data(), &size, iwork.data(), &isize, &info, 1, 1); \
        return info;                                                                               \
    }
EPS_LAPACK_DEFINE(s, float)
EPS_LAPACK_DEFINE(d, double)
#undef EPS_LAPACK_DEFINE

}  // namespace eps::kernels::cpu::lapack
