#pragma once
// Writing to places, and places named by several indices at once. Indices are i64 and never
// negative.
#include <initializer_list>
#include <span>

#include "tensor/tensor.h"

namespace eps {

/// What happens where src meets an element.
enum class Combine : std::uint8_t { replace, sum, prod, amax, amin };

/// A copy of x in which each src[i][j] has been combined with the element at index[i][j] along dim,
/// in the order of j. replace is scatter, sum scatter_add. Ties of amax and amin share the gradient
/// two by two.
Tensor scatter_reduce(const Tensor& x, std::int64_t dim, const Tensor& index, const Tensor& src,
                      Combine how);

/// A copy of x with x[i0, i1, ..] = values, or += if accumulate: the indices name places in the
/// first dimensions and broadcast to a shape I; values broadcasts to I followed by the rest of x's
/// shape. Of equal places the last wins.
Tensor index_put(const Tensor& x, std::span<const Tensor> indices, const Tensor& values,
                 bool accumulate = false);
inline Tensor index_put(const Tensor& x, std::initializer_list<Tensor> indices,
                        const Tensor& values, bool accumulate = false) {
    return index_put(x, std::span(indices.begin(), indices.size()), values, accumulate);
}

/// out[b, i] = x[b, indices[b, i, 0], indices[b, i, 1], ..], b standing for the first batch_dims
/// dimensions, which both share: indices [.., n] -> [.., the dimensions of x that are not named]
/// (ONNX GatherND)
Tensor gather_nd(const Tensor& x, const Tensor& indices, std::int64_t batch_dims = 0);
/// A copy of x in which updates[i] has been combined with x[indices[i, 0], indices[i, 1], ..] (ONNX
/// ScatterND)
Tensor scatter_nd(const Tensor& x, const Tensor& indices, const Tensor& updates,
                  Combine how = Combine::replace);

}  // namespace eps
