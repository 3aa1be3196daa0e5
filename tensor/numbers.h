#pragma once
// Small helpers of kernels. f16 and bf16 are storage-only: compute kernels reject them here.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// a / b, rounded up, for a >= 0 and b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Throws if x has a storage-only dtype.
template <class Op> void check_computes(const Op& op, const Tensor& x) {
    check(!is_storage_type(x.dtype()), op, x.dtype(), " is a storage type; got ", describe(x),
          "; hint: to(x, f32) first");
}

/// Calls f.template operator()<T>() with the type in which elements of dtype are computed: a bool
/// is computed as its byte. Throws if dtype is storage-only.
template <class F> void visit_number(const char* op, DType dtype, const F& f) {
    visit(dtype, [&]<class T>() {
        if constexpr (std::is_same_v<T, bool>)
            f.template operator()<std::uint8_t>();
        else if constexpr (is_stored_only<T>)
            fail(op, dtype, " is a storage type; hint: to(x, f32) first");
        else
            f.template operator()<T>();
    });
}

}  // namespace eps
