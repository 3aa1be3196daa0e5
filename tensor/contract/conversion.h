#pragma once
// Which conversions between dtypes have a kernel of their own: those between two types that
// compute, and those between f32 and a storage-only type. All others take two steps through f32,
// which represents every value of a storage-only type. Kernels for all pairs would double what
// there is to compile with each such type.
#include "tensor/create.h"

namespace eps {

template <class To, class From>
inline constexpr bool converts_at_once =
    !std::is_same_v<To, From> &&
    (is_stored_only<To> ? std::is_same_v<From, float>
                        : !is_stored_only<From> || std::is_same_v<To, float>);

/// out = src of another dtype, by one or two calls kernel.template operator()<To, From>(out, src).
template <class Kernel> void copy_converted(Tensor& out, const Tensor& src, const Kernel& kernel) {
    visit(out.dtype(), [&]<class To>() {
        visit(src.dtype(), [&]<class From>() {
            if constexpr (converts_at_once<To, From>) {
                kernel.template operator()<To, From>(out, src);
            } else if constexpr (!std::is_same_v<To, From>) {
                Tensor between = empty(src.shape(), {f32, src.device()});
                kernel.template operator()<float, From>(between, src);
                kernel.template operator()<To, float>(out, between);
            }
        });
    });
}

}  // namespace eps
