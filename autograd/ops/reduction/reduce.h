#pragma once
// Reductions. `dims` empty means all; reduced dimensions go, or stay with extent 1 if keepdim. Sums
// of bool and integers are i64.
#include "tensor/tensor.h"

namespace eps {

/// sum of elements
Tensor sum(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// x summed to a shape that broadcasts to its own: the adjoint of expand.
Tensor sum_to(const Tensor& x, const Shape& shape);
/// sum / count; integers give f32. The mean of nothing is NaN.
Tensor mean(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// Largest (smallest) element; NaN wins. Ties share the gradient equally. Throws on an empty
/// reduction.
Tensor max(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor min(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// Product, as a tree of multiplications: derivatives of any order are right at zeros, too.
Tensor prod(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// log sum exp x, computed as m + log sum exp(x - m), m = max x; -inf where every x is.
Tensor logsumexp(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
/// sum (x - mean)^2 / (count - correction)
Tensor var(const Tensor& x, const Dims& dims = {}, bool keepdim = false, double correction = 1);
/// sqrt(var)
Tensor stddev(const Tensor& x, const Dims& dims = {}, bool keepdim = false, double correction = 1);
/// (sum |x|^p)^(1/p); p = 1, 2, infinity have their own forms. The gradient at x = 0 is 0 for p
/// = 2.
Tensor norm(const Tensor& x, double p = 2, const Dims& dims = {}, bool keepdim = false);

/// Index (i64) of the first largest (smallest) element along dim; NaN counts as largest (smallest).
Tensor argmax(const Tensor& x, std::int64_t dim, bool keepdim = false);
Tensor argmin(const Tensor& x, std::int64_t dim, bool keepdim = false);
/// bool: is one (every) element not zero
Tensor any(const Tensor& x, const Dims& dims = {}, bool keepdim = false);
Tensor all(const Tensor& x, const Dims& dims = {}, bool keepdim = false);

}  // namespace eps
