#pragma once
// Joining tensors, and splitting one.
#include <initializer_list>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// The tensors one behind the other along dim. Dtypes are promoted.
/// Throws unless the other extents agree.
Tensor concat(std::span<const Tensor> tensors, std::int64_t dim = 0);
inline Tensor concat(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
    return concat(std::span(tensors.begin(), tensors.size()), dim);
}
/// The tensors side by side along a new dim.
/// Throws unless their shapes agree.
Tensor stack(std::span<const Tensor> tensors, std::int64_t dim = 0);
inline Tensor stack(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
    return stack(std::span(tensors.begin(), tensors.size()), dim);
}
/// Parts of `size` elements along dim; the last one is shorter if the size does not divide. Views.
std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim = 0);
/// Parts of the given sizes along dim. Views.
/// Throws unless the sizes add up to the extent.
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes,
                          std::int64_t dim = 0);

}  // namespace eps
