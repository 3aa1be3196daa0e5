#pragma once
// Batches of matrices of which each block of threads works on one.
#include "cuda/runtime/team.cuh"
#include "tensor/tensor.h"

namespace eps::kernels::cuda {

/// A matrix of any strides, in device memory.
template <class T> struct Matrix {
    T* data;
    std::int64_t row, column;
    __device__ T& operator()(std::int64_t i, std::int64_t j) const {
        return data[i * row + j * column];
    }
};

/// A tensor [B, rows, columns], as a kernel parameter.
template <class T> struct Matrices {
    T* data;
    std::int64_t batch, row, column;
    explicit Matrices(const Tensor& x)
        : data(static_cast<T*>(x.raw_data())),
          batch(x.strides()[0]),
          row(x.strides()[1]),
          column(x.strides()[2]) {}
    /// The matrix of this block.
    __device__ Matrix<T> mine() const { return {data + blockIdx.x * batch, row, column}; }
};

/// The threads of a block, for reductions over it.
using WholeBlock = Team<kBlock>;

/// Calls f(i, j) for all i < outer and j < inner, shared out among the threads of the block.
/// Neighbouring threads get neighbouring j.
template <class F> __device__ void each_of(std::int64_t outer, std::int64_t inner, const F& f) {
    for (std::int64_t e = threadIdx.x; e < outer * inner; e += kBlock) f(e / inner, e % inner);
}

}  // namespace eps::kernels::cuda
