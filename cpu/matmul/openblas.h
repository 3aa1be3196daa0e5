#pragma once
// Access to OpenBLAS, which computes our matrix-vector products and linear algebra. Every call of
// it must happen during the life of a BlasCall.

namespace eps::kernels::cpu {

/// During its life, OpenBLAS computes on the calling thread alone. Otherwise it would split its
/// work by the number of threads, which changes the bits; callers split their work by shape. The
/// first BlasCall also calls choose_blas_kernels().
class BlasCall {
public:
    BlasCall();
    ~BlasCall();
    BlasCall(const BlasCall&) = delete;
    BlasCall& operator=(const BlasCall&) = delete;

private:
    int threads_before_ = 1;
};

/// OpenBLAS chooses its kernels by the CPU's model number. For a model newer than itself it chooses
/// those of the Prescott (SSE3, 2004), at a quarter of the speed or less. In that case this
/// function makes it choose again, by the instruction sets of the CPU. OPENBLAS_CORETYPE, if the
/// user has set it, takes precedence.
void choose_blas_kernels();

}  // namespace eps::kernels::cpu
