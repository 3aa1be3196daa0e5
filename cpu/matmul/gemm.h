#pragma once
// The matrix product on plain pointers, for kernels that are built of products.
#include <cstdint>

namespace eps::kernels::cpu {

/// C [m, n] = A [m, k] B [k, n], or C += A B. A and B may have any strides: element (i, p) of A is
/// at a[i a_row + p a_column]. The rows of C are contiguous.
template <class T> struct Gemm {
    std::int64_t m, n, k;
    const T* a;
    std::int64_t a_row, a_column;
    const T* b;
    std::int64_t b_row, b_column;
    T* c;
    std::int64_t c_row;
    bool accumulate = false;

    /// Uses several threads if that pays. The bits are the same for any number of them.
    void run() const;
};

extern template struct Gemm<float>;
extern template struct Gemm<double>;

}  // namespace eps::kernels::cpu
