#pragma once
// Running and recording pointwise ops. Nothing here knows any particular op: its descriptor
// (tensor/contract/pointwise_descriptor.h) says everything.
#include <span>

#include "tensor/contract/pointwise_descriptor.h"
#include "tensor/formulas/list.h"
#include "tensor/tensor.h"

namespace eps {

/// Applies op to its inputs, which broadcast and promote, and records it if an input requires a
/// gradient. `attributes` points to op.attribute_bytes bytes, the data members of the op's struct.
/// Throws on undefined tensors, different devices, shapes that do not broadcast, f16 and bf16, and
/// attributes that a tensor of integers cannot hold.
Tensor pointwise(const PointwiseOp& op, const void* attributes, std::span<const Tensor> inputs);

/// The descriptor of the op whose struct is F. The library has one for each F of
/// tensor/formulas/list.h; autograd/pointwise_op.h makes others.
template <class F> const PointwiseOp& pointwise_op();

/// Every op of tensor/formulas/list.h, in that order.
std::span<const PointwiseOp* const> all_pointwise_ops();

}  // namespace eps
