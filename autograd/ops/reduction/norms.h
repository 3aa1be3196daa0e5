#pragma once
// Lengths of vectors, and distances between them.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// The p-norm over `dims` (all if empty), for any p: 0 counts the elements that are not 0, infinity
/// takes the largest |x| and -infinity the smallest.
///     (sum |x|^p)^(1/p)
/// Elements are divided by the largest first (the smallest for p < 0), so that no power overflows
/// or vanishes. The gradient at x = 0 is 0, also that of a single element.
/// Shapes: x -> x's without the reduced dimensions, or with extent 1 there if keepdim.
/// Throws: if p is NaN, or there are no elements and p < 0 or infinite.
Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);

/// x divided by its p-norms along dim: vectors of length 1. Shorter ones than epsilon are divided
/// by epsilon.
///     x / max(norm(x), epsilon)
/// Throws: unless epsilon > 0.
Tensor normalize(const Tensor& x, double p = 2, std::int64_t dim = 1, double epsilon = 1e-12);

/// The p-norms of all differences between rows of a and rows of b. They are computed from the
/// differences themselves, a tensor [.., n, m, d], and so are exact for points that lie close
/// together.
/// Shapes: a [.., n, d], b [.., m, d] -> [.., n, m]; the dimensions before broadcast.
/// Throws: as norm().
Tensor cdist(const Tensor& a, const Tensor& b, double p = 2);

}  // namespace eps
