#pragma once
// Normalisation: z = (x - mean) / sqrt(variance + epsilon) weight + bias, with the biased variance.
// They differ in what the mean is taken over. Images keep their order of memory. f32 or f64;
// statistics are joined in f64.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// Over C / groups channels and all places of each sample (Wu and He 2018): x [B, C, ..]. weight
/// and bias are [C], or [B, C] to scale and shift each sample by itself (feature-wise modulation),
/// or undefined.
Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight = {},
                  const Tensor& bias = {}, double epsilon = 1e-5);
/// silu(group_norm(x, ..)) in one pass, by the op `group_norm`.
Tensor group_norm_silu(const Tensor& x, std::int64_t groups, const Tensor& weight = {},
                       const Tensor& bias = {}, double epsilon = 1e-5);
/// Over the places of each channel of each sample (Ulyanov et al. 2016): x [B, C, ..].
Tensor instance_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                     double epsilon = 1e-5);

/// Over the batch and all places of each channel (Ioffe and Szegedy 2015): x [B, C, ..], weight and
/// bias [C] or undefined. Training: by the statistics of the batch, which needs more than one value
/// a channel; running = (1 - momentum) running + momentum statistic, of the unbiased variance,
/// where running tensors [C] are given. Otherwise: by the running statistics, which must be given.
struct BatchNormOptions {
    bool training = true;
    double momentum = 0.1, epsilon = 1e-5;
};
Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var,
                  const Tensor& weight = {}, const Tensor& bias = {},
                  const BatchNormOptions& options = {});

/// Over the last dimensions, whose extents are `shape` (Ba et al. 2016); weight and bias of that
/// shape, or undefined.
Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {},
                  const Tensor& bias = {}, double epsilon = 1e-5);
/// x / sqrt(mean(x^2) + epsilon) weight over the last dimensions (Zhang and Sennrich 2019).
Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {},
                double epsilon = 1e-6);

}  // namespace eps
