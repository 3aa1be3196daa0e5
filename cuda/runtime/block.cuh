#pragma once
// Sums and maxima over the threads of a block, by a tree that is the same every run.
#include "cuda/runtime/context.h"

namespace eps::kernels::cuda {

/// combine over all kBlock threads, handed to every one of them. `memory` is kBlock numbers of
/// shared memory, free again afterwards.
template <class T, class Combine>
__device__ T over_block(T mine, T* memory, const Combine& combine) {
    memory[threadIdx.x] = mine;
    for (unsigned half = kBlock / 2; half > 0; half /= 2) {
        __syncthreads();
        if (threadIdx.x < half)
            memory[threadIdx.x] = combine(memory[threadIdx.x], memory[threadIdx.x + half]);
    }
    __syncthreads();
    const T result = memory[0];
    __syncthreads();
    return result;
}
template <class T> __device__ T block_sum(T mine, T* memory) {
    return over_block(mine, memory, [](T a, T b) { return a + b; });
}
template <class T> __device__ T block_max(T mine, T* memory) {
    return over_block(mine, memory, [](T a, T b) { return a > b ? a : b; });
}

}  // namespace eps::kernels::cuda
