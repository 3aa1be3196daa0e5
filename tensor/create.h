#pragma once
// New tensors, from numbers.
#include <span>

#include "tensor/exact_number.h"
#include "tensor/tensor.h"

namespace eps {

Tensor zeros(const Shape& shape, Options options = {});
Tensor ones(const Shape& shape, Options options = {});
/// Integers take whole numbers only, and exactly: a C++ integer does not become a double.
Tensor full(const Shape& shape, Number value, Options options = {});
Tensor zeros_like(const Tensor& x);
Tensor ones_like(const Tensor& x);
Tensor full_like(const Tensor& x, Number value);
/// Uninitialised and dense, with x's dtype, device and order of dimensions in memory: channels-last
/// stays channels-last.
Tensor empty_like(const Tensor& x);
/// The same, with another shape of x's rank.
Tensor empty_like(const Tensor& x, const Shape& shape);
/// start, start + step, ... below end; above it if step < 0. Integers are computed exactly,
/// from whole numbers.
Tensor arange(double start, double end, double step = 1, Options options = {});
/// `count` evenly spaced values from start to end, both included; integers are cut to whole
/// numbers.
Tensor linspace(double start, double end, std::int64_t count, Options options = {});
/// [n, n] or [n, m], with ones on the diagonal.
Tensor eye(std::int64_t n, Options options = {});
Tensor eye(std::int64_t n, std::int64_t m, Options options = {});
/// Row-major values, converted to options.dtype: `tensor({1, 2, 3, 4}, {2, 2})`. Without a shape
/// the tensor has rank 1.
Tensor tensor(const std::vector<double>& values, const Shape& shape = {}, Options options = {});
/// A copy of `values` in their own type.
template <class T> Tensor from_span(std::span<const T> values, const Shape& shape);

/// Whether x's elements fill one block of memory, each once, in some order of the dimensions.
bool is_dense(const Tensor& x);

}  // namespace eps
