// EPS_HD marks a function that is inlined into host loops and into CUDA kernels alike.
#pragma once

#ifdef __CUDACC__
#define EPS_HD __host__ __device__ __forceinline__
#else
#define EPS_HD inline __attribute__((always_inline))
#endif
