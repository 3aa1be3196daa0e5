#pragma once
// Views (they share storage wherever strides can say it), pad and contiguous.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// The same elements in row-major order under another shape; one extent may be -1. A view where
/// strides allow, else a copy.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Dims start..end (both included) joined into one.
Tensor flatten(const Tensor& x, std::int64_t start = 0, std::int64_t end = -1);
/// out[.., i_k, ..] = x with dimension order[k] moved to place k. A view.
Tensor permute(const Tensor& x, const Dims& order);
/// Two dimensions exchanged; by default the last two. A view.
Tensor transpose(const Tensor& x, std::int64_t dim0 = -2, std::int64_t dim1 = -1);
/// x broadcast to a shape, without a copy; -1 keeps an extent.
Tensor expand(const Tensor& x, const Shape& shape);
/// Without the dimension (of extent 1); with no argument, without every dimension of extent 1. A
/// view.
Tensor squeeze(const Tensor& x, std::int64_t dim);
Tensor squeeze(const Tensor& x);
/// With a dimension of extent 1 before `dim` (in [-rank - 1, rank]). A view.
Tensor unsqueeze(const Tensor& x, std::int64_t dim);
/// Elements start, start + step, ... below end along dim, Python's rules for negative and too large
/// bounds; step >= 1. A view.
Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end = INT64_MAX,
             std::int64_t step = 1);
/// `length` elements from `start` along dim; throws unless they exist. A view.
Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length);
/// Element `index` along dim (negative counts from the end), the dimension dropped. A view.
Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);
/// The elements of a diagonal of dims dim0 and dim1, `offset` columns (dim1) to the right of the
/// main one, or rows (dim0) below it where negative: both dims go, and the diagonal is the last. A
/// view.
Tensor diagonal(const Tensor& x, std::int64_t offset = 0, std::int64_t dim0 = 0,
                std::int64_t dim1 = 1);
/// x in row-major memory: x itself if it is already.
Tensor contiguous(const Tensor& x);
/// A copy of x in row-major memory of its own.
Tensor clone(const Tensor& x);

/// `value` around x: before[d] elements ahead of dimension d, after[d] behind it.
Tensor pad(const Tensor& x, const Dims& before, const Dims& after, double value = 0);
/// x where a slice of zeros(shape) along dim (start, step) takes it: the adjoint of slice.
Tensor embed(const Tensor& x, const Shape& shape, std::int64_t dim, std::int64_t start,
             std::int64_t step);
/// x where that diagonal of zeros(shape) takes it: the adjoint of diagonal.
Tensor embed_diagonal(const Tensor& x, const Shape& shape, std::int64_t offset = 0,
                      std::int64_t dim0 = 0, std::int64_t dim1 = 1);

}  // namespace eps
