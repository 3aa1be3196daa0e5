#pragma once
// What joins tensors and cuts them apart.
#include <initializer_list>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// Joined along dim; the other extents must agree. Promotes dtypes.
Tensor concat(std::span<const Tensor> tensors, std::int64_t dim = 0);
inline Tensor concat(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
    return concat(std::span(tensors.begin(), tensors.size()), dim);
}
/// Joined along a new dim; shapes must agree.
Tensor stack(std::span<const Tensor> tensors, std::int64_t dim = 0);
inline Tensor stack(std::initializer_list<Tensor> tensors, std::int64_t dim = 0) {
    return stack(std::span(tensors.begin(), tensors.size()), dim);
}
/// Views of `size` elements each along dim, the last one shorter where it does not divide.
std::vector<Tensor> split(const Tensor& x, std::int64_t size, std::int64_t dim = 0);
/// Views of the given sizes, which must add up.
std::vector<Tensor> split(const Tensor& x, const std::vector<std::int64_t>& sizes,
                          std::int64_t dim = 0);

}  // namespace eps
