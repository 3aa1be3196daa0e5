#pragma once
// Checks that the ops on indices share; bodies in index.cpp.
#include "autograd/ops/checker.h"
#include "tensor/tensor.h"

namespace eps::detail {

/// Throws unless index is i64 of x's rank and no larger than x but along dim; returns dim as one of
/// [0, rank).
int check_index(const Checker& check, const Tensor& x, std::int64_t dim, const Tensor& index);
/// Throws unless every index lies in [0, extent). The kernels check that, too, but here the error
/// names the function that was called. An index on a GPU is left to the kernels: reading it here
/// would wait.
void check_range(const Checker& check, const Tensor& index, std::int64_t extent);
/// Throws unless src has that shape and x's dtype.
void check_source(const Checker& check, const Tensor& x, const Shape& shape, const Tensor& src);

}  // namespace eps::detail
