#pragma once
// Views, which share the storage of their input wherever strides can describe them; and pad.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// The same elements, in row-major order, under another shape; one extent may be -1 and is then
/// inferred. A view where strides allow, else a copy.
/// Throws if the numbers of elements differ.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Joins the dims from start to end, both included, into one.
Tensor flatten(const Tensor& x, std::int64_t start = 0, std::int64_t end = -1);
/// Dimension k of the result is dimension order[k] of x. A view.
Tensor permute(const Tensor& x, const Dims& order);
/// Exchanges two dimensions, by default the last two. A view.
Tensor transpose(const Tensor& x, std::int64_t dim0 = -2, std::int64_t dim1 = -1);
/// x broadcast to a shape, without a copy; -1 keeps an extent. A view.
Tensor expand(const Tensor& x, const Shape& shape);
/// Drops a dimension of extent 1; without `dim`, every dimension of extent 1. A view.
/// Throws if the extent is not 1.
Tensor squeeze(const Tensor& x, std::int64_t dim);
Tensor squeeze(const Tensor& x);
/// Inserts a dimension of extent 1 before `dim`, which lies in [-rank - 1, rank]. A view.
Tensor unsqueeze(const Tensor& x, std::int64_t dim);

/// Elements start, start + step, ... below end along dim, by Python's rules for bounds that are
/// negative or too large; step >= 1. A view. x[{Slice{start, end}, i}] is a shorthand.
Tensor slice(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t end = INT64_MAX,
             std::int64_t step = 1);
/// `length` elements from `start` on along dim. A view.
/// Throws unless they exist.
Tensor narrow(const Tensor& x, std::int64_t dim, std::int64_t start, std::int64_t length);
/// Element `index` along dim, which is dropped; a negative index counts from the end. A view.
Tensor select(const Tensor& x, std::int64_t dim, std::int64_t index);
/// The diagonal of dims dim0 and dim1, which are dropped; the diagonal becomes the last dimension.
/// It lies `offset` columns (along dim1) to the right of the main one, or, if that is negative,
/// rows (along dim0) below it. A view.
Tensor diagonal(const Tensor& x, std::int64_t offset = 0, std::int64_t dim0 = 0,
                std::int64_t dim1 = 1);
/// x in row-major memory: x itself if it is so already, else a copy.
Tensor contiguous(const Tensor& x);
/// A copy of x in row-major memory of its own.
Tensor clone(const Tensor& x);

/// x with `value` around it: before[d] elements ahead of dimension d, after[d] behind it.
/// Shapes: x [n_0, ..] -> [before[0] + n_0 + after[0], ..].
Tensor pad(const Tensor& x, const Dims& before, const Dims& after, Number value = 0);

/// The adjoint of slice: zeros(shape) whose elements start, start + step, ... along dim are x.
Tensor slice_backward(const Tensor& x, const Shape& shape, std::int64_t dim, std::int64_t start,
                      std::int64_t step);
/// The adjoint of diagonal: zeros(shape) with x on that diagonal. diag_embed() chooses the shape.
Tensor diagonal_backward(const Tensor& x, const Shape& shape, std::int64_t offset = 0,
                         std::int64_t dim0 = 0, std::int64_t dim1 = 1);

}  // namespace eps
