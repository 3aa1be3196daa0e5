#pragma once
// Neighbouring elements that are loaded and stored as one word. Loading 16 bytes at once takes a
// quarter of the instructions of four loads, which keeps the memory busy.
#include <cstdint>

#include "tensor/dtype.h"

namespace eps::kernels::cuda {

/// The number of elements in a 16-byte vector.
template <class T> inline constexpr int kVector = 16 / static_cast<int>(sizeof(T));

template <class T, int W> struct alignas(sizeof(T) * W) Vector { T at[W]; };

inline bool is_aligned(const void* p, std::size_t bytes = 16) {
    return reinterpret_cast<std::uintptr_t>(p) % bytes == 0;
}

/// The W elements from p on. p must be aligned to W elements.
template <int W, class T> __host__ __device__ inline Vector<T, W>& vector_at(T* p) {
    return *reinterpret_cast<Vector<T, W>*>(p);
}
template <int W, class T> __host__ __device__ inline const Vector<T, W>& vector_at(const T* p) {
    return *reinterpret_cast<const Vector<T, W>*>(p);
}

template <class To, class T, int W>
__device__ inline Vector<To, W> converted(const Vector<T, W>& x) {
    Vector<To, W> out;
#pragma unroll
    for (int i = 0; i < W; ++i) out.at[i] = convert<To>(x.at[i]);
    return out;
}

}  // namespace eps::kernels::cuda
