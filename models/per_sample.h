#pragma once
// Reductions over all elements of each sample of a batch.
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/tensor.h"

namespace eps::models {

/// [B, ...] -> [B, n]; a batch of numbers [B] becomes [B, 1].
inline Tensor flatten_samples(const Tensor& x) {
    return x.rank() == 1 ? unsqueeze(x, 1) : flatten(x, 1);
}
/// [B, ...] -> [B]
inline Tensor sum_per_sample(const Tensor& x) {
    return x.rank() == 1 ? x : sum(flatten_samples(x), {1});
}
/// [B, ...] -> [B]
inline Tensor mean_per_sample(const Tensor& x) {
    return x.rank() == 1 ? x : mean(flatten_samples(x), {1});
}

}  // namespace eps::models
