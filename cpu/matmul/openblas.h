#pragma once
// The door to OpenBLAS, which does our matrix-vector products and linear algebra. Hold a BlasCall
// around every call of it.

namespace eps::kernels::cpu {

/// While one of these lives, OpenBLAS computes on the calling thread alone: it would split its work
/// by the number of threads, and with it change the bits. Whoever calls it splits by shape. The
/// first one made also sees to it that OpenBLAS uses this CPU.
class BlasCall {
public:
    BlasCall();
    ~BlasCall();
    BlasCall(const BlasCall&) = delete;
    BlasCall& operator=(const BlasCall&) = delete;

private:
    int threads_before_ = 1;
};

/// OpenBLAS picks its kernels by the CPU's model number. A model that came out after it gets those
/// of the Prescott (SSE3, of 2004), a quarter of the speed and less; where that happens, this makes
/// it choose again by what the CPU can do. OPENBLAS_CORETYPE, where the user has set it, stays in
/// force.
void choose_blas_kernels();

}  // namespace eps::kernels::cpu
