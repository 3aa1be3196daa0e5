#pragma once
// Running and recording pointwise ops. Nothing here knows any particular op: the descriptor
// (tensor/contract/derivative_table.h) says it all.
#include <span>

#include "tensor/contract/derivative_table.h"

namespace eps {

/// Applies op to its inputs (broadcast, promoted) and records it if an input requires a gradient.
/// `attributes` points to op.attribute_bytes bytes: the struct's data members.
Tensor pointwise(const PointwiseOp& op, const void* attributes, std::span<const Tensor> inputs);

/// The descriptor of the op whose struct is F: in the library for every F of
/// tensor/formulas/list.h; autograd/pointwise_op.h makes others.
template <class F> const PointwiseOp& pointwise_op();

/// Every op of tensor/formulas/list.h, in that order.
std::span<const PointwiseOp* const> all_pointwise_ops();

}  // namespace eps
