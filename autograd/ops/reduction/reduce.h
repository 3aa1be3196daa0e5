#pragma once
// Reductions over `dims`; an empty list means all dimensions. Reduced dimensions are dropped, or
// stay with extent 1 if keepdim. Sums of bool and of integers are i64.
#include "tensor/tensor.h"

namespace eps {

/// The sum of the elements.
Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// x summed to a shape that broadcasts to its own: the adjoint of expand.
Tensor sum_to(const Tensor& x, const Shape& shape);
/// The sum divided by the count; f32 for integers. The mean of no elements is NaN.
Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// The largest (smallest) element. NaN wins; equal elements share the gradient equally.
/// Throws if a reduction is empty.
Tensor max(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor min(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// The product, as a tree of multiplications: derivatives of any order are right at zeros, too.
Tensor prod(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// log sum exp x, which does not overflow; -inf where every x is.
///     m + log sum exp(x - m), m = max x
Tensor logsumexp(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// The variance, unbiased by default.
///     sum (x - mean)^2 / (count - correction)
Tensor var(const Tensor& x, const Dims& dims = {}, bool keepdim = false, double correction = 1);
/// The standard deviation, sqrt(var), computed as norm(x - mean) / sqrt(count - correction):
/// squares of large and small numbers are no limit. The gradient of equal elements is 0.
Tensor stddev(const Tensor& x, const Dims& dims = {}, bool keepdim = false, double correction = 1);

/// The index (i64) of the first largest (smallest) element along dim. NaN counts as largest
/// (smallest).
/// Throws if dim is empty.
Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim = false);
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// bool: whether one element (every element) is not zero.
Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false);

}  // namespace eps
