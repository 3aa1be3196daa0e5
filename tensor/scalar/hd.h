#pragma once
// EPS_HD marks functions that are inlined into host loops and into CUDA kernels.

#ifdef __CUDACC__
#define EPS_HD __host__ __device__ __forceinline__
#else
#define EPS_HD inline __attribute__((always_inline))
#endif
