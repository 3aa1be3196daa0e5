#pragma once
// Elements named by several indices at once, one for each of the first dimensions; and scatter with
// other ways to combine than writing and adding. Indices are i64 and never negative.
#include <initializer_list>
#include <span>

#include "tensor/tensor.h"

namespace eps {

/// How a new value is combined with the element at its position.
enum class Combine : std::uint8_t { replace, sum, prod, amax, amin, mean };

/// A copy of x in which each src[i][j] has been combined with the element at index[i][j] along dim,
/// in the order of j. `replace` is scatter, `sum` is scatter_add. Equal elements of amax and amin
/// share the gradient in pairs. `mean` is that of all elements that meet at a position; of integers
/// it is rounded down. Without include_self the element of x counts only where no index points.
/// Shapes: index and src alike, as for gather -> x's.
Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                      Combine how, bool include_self = true);

/// A copy of x with x[i0, i1, ..] = values, or += if `accumulate`. Where positions are equal the
/// last one wins.
/// Shapes: the indices, for the first dimensions, broadcast to a shape I; values broadcasts to I
/// followed by the rest of x's shape -> x's.
Tensor index_put(const Tensor& x, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate = false);
inline Tensor index_put(const Tensor& x, std::initializer_list<Tensor> indices,
                        const Tensor& values, bool accumulate = false) {
    return index_put(x, std::span(indices.begin(), indices.size()), values, accumulate);
}

/// The elements or slices at the positions in the last dimension of `indices`:
///     out[b, i] = x[b, indices[b, i, 0], indices[b, i, 1], ..]
/// where b stands for the first batch_dims dimensions, which both share (GatherND of ONNX).
/// Shapes: indices [.., n] -> [.., the dimensions of x that are not named].
Tensor gather_nd(const Tensor& x, const Tensor& indices, std::int64_t batch_dims = 0);
/// A copy of x in which updates[i] has been combined with x[indices[i, 0], indices[i, 1], ..]
/// (ScatterND of ONNX).
Tensor scatter_nd(const Tensor& x, const Tensor& indices, const Tensor& updates,
                  Combine how = Combine::replace);

}  // namespace eps
