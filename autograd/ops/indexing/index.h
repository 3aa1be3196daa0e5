#pragma once
// Picking by index, its adjoint, scans and sorting. Indices are i64 and never negative.
#include "tensor/tensor.h"

namespace eps {

/// out[i][j] = x[index[i][j]][j] for dim 0, and so on: index has x's rank, and extents at most x's
/// but for dim.
Tensor gather(const Tensor& x, std::int64_t dim, const Tensor& index);
/// A copy of x to which src[i][j] is added at index[i][j] along dim; the adjoint of gather.
Tensor scatter_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// A copy of x in which src[i][j] stands at index[i][j] along dim; of equal indices the last wins,
/// and it alone has the gradient.
Tensor scatter(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// The slices of x along dim that a rank-1 index names, in its order: embedding lookup for dim 0.
Tensor index_select(const Tensor& x, std::int64_t dim, const Tensor& index);
/// A copy of x to which slice i of src is added at slice index[i]; the adjoint of index_select.
Tensor index_add(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// A copy of x in which slice i of src stands at slice index[i]; of equal indices the last wins.
Tensor index_copy(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src);
/// weight[index[..]]: weight [count, dim], index [..] -> [.., dim]. Row padding_idx, if not
/// negative, gets no gradient.
Tensor embedding(const Tensor& weight, const Tensor& index, std::int64_t padding_idx = -1);

/// Inclusive sums along dim; from the end if reverse.
Tensor cumsum(const Tensor& x, std::int64_t dim, bool reverse = false);
/// Inclusive products along dim, by doubling distances (Hillis & Steele 1986), so that zeros need
/// no case of their own.
Tensor cumprod(const Tensor& x, std::int64_t dim);

struct Sorted {
    Tensor values, indices;
};
/// Stable sort along dim; NaN counts as largest. The gradient goes back to where each value came
/// from.
Sorted sort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
Tensor argsort(const Tensor& x, std::int64_t dim = -1, bool descending = false);
/// The k largest (or smallest) along dim, in order.
Sorted topk(const Tensor& x, std::int64_t k, std::int64_t dim = -1, bool largest = true);

/// [..] i64 -> [.., classes] with 1 at the index, else 0.
Tensor one_hot(const Tensor& index, std::int64_t classes, DType dtype = f32);

}  // namespace eps
