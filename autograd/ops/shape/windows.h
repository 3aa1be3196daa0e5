#pragma once
// Overlapping windows along one dimension.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// The windows of `size` elements along dim that begin at 0, step, 2 step, ..; their elements are a
/// new last dimension. This is PyTorch's Tensor.unfold, as a copy. The windows of images are in
/// unfold.h.
///     out[.., i, .., k] = x[.., i step + k, ..]
/// Shapes: x [.., n, ..] -> [.., (n - size) / step + 1, .., size].
/// Throws unless 0 <= size <= n and step >= 1.
Tensor unfold(const Tensor& x, std::int64_t dim, std::int64_t size, std::int64_t step);

}  // namespace eps
