#pragma once
// Helpers that several files of ops use.
#include <span>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tests/conformance/onnx/op.h"

namespace eps::conformance {

/// A pointwise function of the library without attributes, as an op.
template <auto F> Results unary(const Call& c) { return F(c[0]); }

/// A pointwise function of two tensors, applied to any number of them one after the other.
template <auto F> Tensor chain(const std::vector<Tensor>& tensors) {
    Tensor out = tensors.at(0);
    for (std::size_t i = 1; i < tensors.size(); ++i) out = F(out, tensors[i]);
    return out;
}

/// The list of dimensions, which moved from an attribute to input 1 in op set 13.
inline std::vector<std::int64_t> axes_of(const Call& c, std::size_t input = 1) {
    return c.has(input) ? c.numbers(input) : c.integers("axes");
}

/// An i64 tensor of rank 1.
inline Tensor index_tensor(const std::vector<std::int64_t>& values) {
    return from_span<std::int64_t>(std::span(values), {static_cast<std::int64_t>(values.size())});
}

/// Indices as this library wants them, i64 and not negative: in ONNX negative ones count from the
/// end.
inline Tensor wrapped(const Tensor& index, std::int64_t extent) {
    const Tensor i = to(index, i64);
    return where(i < 0.0, i + static_cast<double>(extent), i);
}

}  // namespace eps::conformance
