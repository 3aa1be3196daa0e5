#pragma once
#include "tensor/tensor.h"

namespace eps::models::flow {

/// Which x0 goes to which x1, [B, D] each, so that sum_i |x0[order[i]] - x1[i]|^2 is least -> order
/// i64 [B]: optimal transport within the batch, with which paths cross less and sampling needs
/// fewer steps (Tong et al. 2024; Pooladian et al. 2023). Exact, by shortest augmenting paths in
/// O(B^3) on the CPU (Jonker & Volgenant 1987): for batches of some hundreds.
Tensor transport_order(const Tensor& x0, const Tensor& x1);

}  // namespace eps::models::flow
