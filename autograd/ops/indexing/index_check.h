#pragma once
// Checks that the ops on indices share; bodies in index.cpp.
#include "tensor/tensor.h"

namespace eps::detail {

/// Throws, naming op, unless index is i64 of x's rank and no larger than x but along dim; returns
/// dim as one of [0, rank).
int check_index(const char* op, const Tensor& x, std::int64_t dim, const Tensor& index);
/// Throws unless every index lies in [0, extent). What the user called is named here; the kernels,
/// which check as well, only know what they are. An index on a GPU is left to them: looking at it
/// would wait.
void check_range(const char* op, const Tensor& index, std::int64_t extent);
/// Throws unless src has that shape and x's dtype.
void check_source(const char* op, const Tensor& x, const Shape& shape, const Tensor& src);

}  // namespace eps::detail
