#pragma once
// Picking elements by index and putting them there, running sums, and sorting. Indices are i64 and
// never negative; x[i] and views by position are in tensor/tensor.h and shape.h.
#include "tensor/tensor.h"

namespace eps {

/// The elements that an index names along dim; for dim 0 of a matrix:
///     out[i][j] = x[index[i][j]][j]
/// Shapes: index has x's rank, and extents at most x's but along dim -> index's.
/// Throws on indices out of range.
Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);
/// A copy of x with src[i][j] added at index[i][j] along dim: the adjoint of gather.
/// Shapes: index and src alike, as for gather -> x's.
Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// A copy of x with src[i][j] written at index[i][j] along dim. Where indices are equal the last
/// one wins, and only that one has a gradient.
/// Shapes: index and src alike, as for gather -> x's.
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// The slices of x along dim that an index [n] names, in its order.
Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index);
/// A copy of x with slice i of src added to slice index[i]: the adjoint of index_select.
Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// A copy of x with slice i of src written to slice index[i]. Where indices are equal the last one
/// wins.
Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// The rows weight[index[..]] of a table. Row padding_idx, if it is not negative, gets no gradient.
/// Shapes: weight [count, dim], index [..] -> [.., dim].
Tensor embedding(const Tensor& weight, const Tensor& index, std::int64_t padding_idx = -1);

/// Inclusive running sums along dim, from the end if `reverse`. Sums of f32 are carried in f64, as
/// those of sum().
Tensor cumsum(const Tensor& x, std::int64_t dim, bool reverse = false);
/// Inclusive running products along dim. They are computed by doubling distances, so derivatives
/// are right at zeros, too, and each is rounded log2(its length) times.
/// Source: Hillis and Steele 1986, "Data parallel algorithms".
Tensor cumprod(const Tensor& x, std::int64_t dim);

struct Sorted {
    Tensor values, indices;
};
/// x sorted along dim, stably. NaN counts as largest. The gradient of a value goes to the element
/// that it came from.
Sorted sort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
/// The indices (i64) that sort x along dim, stably.
Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
/// The k largest (or smallest) elements along dim, in order.
Sorted topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool largest = true);

/// 1 at the index, 0 elsewhere.
/// Shapes: i64 [..] -> [.., classes].
Tensor one_hot(const Tensor& index, std::int64_t classes, DType dtype = f32);

}  // namespace eps
