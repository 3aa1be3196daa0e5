#pragma once
// Access to OpenBLAS, which computes our matrix-vector products and linear algebra. It is loaded
// when the first of them is computed: a program that needs none starts without it. Every call of it
// must happen during the life of a BlasCall.
#include <cstddef>

namespace eps::kernels::cpu {

/// Addresses of the routines that we call, for float (`sgemv_`) or double (`dgemv_`).
template <class T> struct Routines {
    using Size = std::size_t;  // length of a string
    void (*gemv)(const char* op, const int* m, const int* n, const T* alpha, const T* a,
                 const int* ld, const T* x, const int* x_step, const T* beta, T* y,
                 const int* y_step, Size);
    void (*trsm)(const char* side, const char* triangle, const char* op, const char* diagonal,
                 const int* m, const int* n, const T* alpha, const T* a, const int* ld, T* b,
                 const int* b_ld, Size, Size, Size, Size);
    void (*potrf)(const char* triangle, const int* n, T* a, const int* ld, int* info, Size);
    void (*getrf)(const int* m, const int* n, T* a, const int* ld, int* pivots, int* info);
    void (*geqrf)(const int* m, const int* n, T* a, const int* ld, T* tau, T* work, const int* size,
                  int* info);
    void (*orgqr)(const int* m, const int* n, const int* k, T* a, const int* ld, const T* tau,
                  T* work, const int* size, int* info);
    void (*syevd)(const char* job, const char* triangle, const int* n, T* a, const int* ld, T* w,
                  T* work, const int* size, int* iwork, const int* isize, int* info, Size, Size);
};
/// Loads OpenBLAS at the first call, with its kernels for this CPU and one thread. Throws:
/// Unavailable where it is not installed; Error where the program may not take the memory with
/// which it starts.
template <class T> const Routines<T>& routines();

/// During its life, OpenBLAS computes on the calling thread alone. Otherwise it would split its
/// work by the number of threads, which changes the bits; callers split their work by shape.
/// Throws: as routines().
class BlasCall {
public:
    BlasCall();
    ~BlasCall();
    BlasCall(const BlasCall&) = delete;
    BlasCall& operator=(const BlasCall&) = delete;

private:
    int threads_before_ = 1;
};

}  // namespace eps::kernels::cpu
