#pragma once
// Small helpers of kernels. f16 and bf16 are storage-only: compute kernels reject them here.
#include <cmath>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// a / b, rounded up, for a >= 0 and b > 0.
constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// Throws unless an element of this dtype can be `value`: integers take whole numbers of their
/// range, all others take any number.
inline void check_holds(const char* op, DType dtype, Number value) {
    check(can_hold(dtype, value), op, "the value is beyond the range of the dtype; got ",
          value.value, " for ", dtype);
    check(is_floating(dtype) || dtype == DType::boolean || value.value == std::floor(value.value),
          op, "a fractional value for integers; got ", value.value, " for ", dtype,
          "; hint: a tensor of f32, or a whole number");
}

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
