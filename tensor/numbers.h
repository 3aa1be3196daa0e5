#pragma once
// f16 and bf16 are stored and converted, never computed with: how those who compute refuse them.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// Throws where x is of a storage type.
template <class Op> void check_computes(const Op& op, const Tensor& x) {
    check(!is_storage_type(x.dtype()), op, x.dtype(), " is a storage type; got ", describe(x),
          "; hint: to(x, f32) first");
}

/// Calls f.template operator()<T>() with the type that elements of dtype are computed in: a bool is
/// its byte. Throws for a storage type.
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
