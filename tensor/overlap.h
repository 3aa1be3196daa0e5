#pragma once
// Whether tensors share memory: decided here once, for every function that writes into a tensor.
#include "tensor/tensor.h"

namespace eps {

/// Whether an element of x stands at the place of another, as in an expanded tensor. Exact but for
/// tensors with three or more dimensions whose strides interleave, which only as_strided() makes:
/// they count as overlapping.
bool overlaps_itself(const Tensor& x);

/// How two tensors share memory.
enum class Overlap {
    none,       // they share none
    identical,  // each element of one is the same element of the other
    partial     // they may share elements, at different indices
};
namespace detail {
Overlap overlap_within_storage(const Tensor& a, const Tensor& b);
[[noreturn]] void fail_overlap(const char* op, const Tensor& x);
}  // namespace detail

/// Exact but in one case, which counts as partial (NumPy's may_share_memory does the same): two
/// views of one storage whose ranges of memory intersect, and whose elements could meet by the
/// greatest common divisor of their strides.
inline Overlap overlap_of(const Tensor& a, const Tensor& b) {
    if (&a.storage() != &b.storage()) return Overlap::none;
    return detail::overlap_within_storage(a, b);
}

/// Throws, naming `op`, if an element of x, which is about to be written, stands at the place of
/// another.
inline void check_no_overlap(const char* op, const Tensor& x) {
    if (overlaps_itself(x)) [[unlikely]]
        detail::fail_overlap(op, x);
}

}  // namespace eps
