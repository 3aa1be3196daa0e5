#pragma once
#include "tensor/tensor.h"

namespace eps::models::flow {

/// Optimal transport within a batch: the order that minimises sum_i |x0[order[i]] - x1[i]|^2. With
/// such pairs, paths cross less and sampling needs fewer steps (Tong et al. 2024; Pooladian et al.
/// 2023). Exact, by shortest augmenting paths in O(B^3) on the CPU, for batches of some hundreds.
/// Shapes: x0, x1 [B, D] -> i64 [B]
/// Source: Jonker & Volgenant 1987.
Tensor transport_order(const Tensor& x0, const Tensor& x1);

}  // namespace eps::models::flow
