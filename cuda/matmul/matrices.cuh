#pragma once
// A batch of matrices, a block each.
#include "cuda/runtime/context.h"
#include "tensor/tensor.h"

namespace eps::kernels::cuda {

/// One matrix, of any strides.
template <class T> struct Matrix {
    T* data;
    std::int64_t row, column;
    __device__ T& operator()(std::int64_t i, std::int64_t j) const {
        return data[i * row + j * column];
    }
};

/// A tensor [B, rows, columns].
template <class T> struct Matrices {
    T* data;
    std::int64_t batch, row, column;
    explicit Matrices(const Tensor& x)
        : data(static_cast<T*>(x.raw_data())),
          batch(x.strides()[0]),
          row(x.strides()[1]),
          column(x.strides()[2]) {}
    /// The block's own.
    __device__ Matrix<T> mine() const { return {data + blockIdx.x * batch, row, column}; }
};

/// f(i, j) for i < outer, j < inner, shared among the threads of the block; neighbours have
/// neighbouring j.
template <class F> __device__ void each_of(std::int64_t outer, std::int64_t inner, const F& f) {
    for (std::int64_t e = threadIdx.x; e < outer * inner; e += kBlock) f(e / inner, e % inner);
}

}  // namespace eps::kernels::cuda
