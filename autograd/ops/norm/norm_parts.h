#pragma once
// What the norms of images (image_norm.cpp) and of rows (row_norm.cpp) share.
#include "autograd/op.h"
#include "autograd/ops/checker.h"

namespace eps::detail {

/// (x - mean) / sqrt(variance + epsilon) over dims, in plain ops.
Tensor normalized(const Tensor& x, const Dims& dims, double epsilon);

/// Throws unless x is f32 or f64.
void check_real(const Checker& check, const Tensor& x);

/// A weight or bias as it was given, or `constant` everywhere if it is undefined.
/// Throws unless it has x's dtype and one of the two shapes.
Tensor parameter_or(const Checker& check, const Tensor& given, double constant, const Shape& shape,
                    const Shape& other_shape, const Tensor& x);

/// What a backward kernel of a norm computes; `bias` is undefined for a norm that has none.
struct NormGradients {
    Tensor x, weight, bias;
    /// Hands over those that the graph asked for.
    void give(const Context& context, Gradients out) const;
};

}  // namespace eps::detail
