#pragma once
// Helpers of kernels that work along one dimension. A line is the elements of a tensor along it.
#include "cuda/runtime/strided.cuh"
#include "tensor/dtype.h"
#include "tensor/error.h"
#include "tensor/numbers.h"
#include "tensor/raw_copy.h"

namespace eps::kernels::cuda {

/// The first element of each line: x with extent 1 along dim.
inline Tensor line_starts(const Tensor& x, int dim) {
    Shape shape = x.shape();
    shape[dim] = 1;
    return raw::view(x, shape, x.strides(), x.offset());
}

/// A loop over lines, with 32-bit indices and 64-bit offsets.
template <int N> using Lines = Strided<N, std::int64_t>;

/// Throws unless 32-bit indices are enough for `count` elements.
inline void check_count(std::int64_t count, const char* op) {
    check(count < (std::int64_t{1} << 31), op, "too many elements for one CUDA call; got ", count,
          "; expected fewer than 2^31");
}

/// Calls f.template operator()<T>() with the type in which elements of this dtype are computed.
template <class F> void visit_number(DType dtype, const F& f) {
    eps::visit_number("cuda", dtype, f);
}

/// Calls f.template operator()<T>() with float or double.
template <class F> void visit_real(const Tensor& x, const F& f) {
    x.dtype() == DType::f64 ? f.template operator()<double>() : f.template operator()<float>();
}
/// First element, or null for an undefined tensor.
template <class T> T* data_of(const Tensor& x) {
    return x.defined() ? static_cast<T*>(x.raw_data()) : nullptr;
}

/// An unsigned integer in the order of x: NaN is above everything, -0 equals 0.
template <class T> __device__ std::uint64_t sort_key(T x) {
    if constexpr (std::is_floating_point_v<T>) {
        using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
        constexpr Bits sign = Bits{1} << (8 * sizeof(T) - 1);
        if (x != x) return static_cast<Bits>(~Bits{0});
        if (x == T(0)) return sign;
        const Bits bits = __builtin_bit_cast(Bits, x);
        // The bits of negative numbers are in reverse order.
        return static_cast<Bits>(bits & sign ? ~bits : bits | sign);
    } else if constexpr (std::is_signed_v<T>) {
        return static_cast<std::uint64_t>(x) ^ (std::uint64_t{1} << 63);
    } else {
        return x;
    }
}

}  // namespace eps::kernels::cuda
