#pragma once
// Normalisation: subtract a mean, divide by a standard deviation, scale and shift.
//     y = (x - mean) / sqrt(variance + epsilon) weight + bias
// The norms differ in the elements that share a mean; the variance is the biased one. x is f32 or
// f64, statistics are computed in f64, and images keep their order of memory.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

/// Normalises over the C / groups channels of a group and over all pixels, each sample for itself.
/// A weight or bias [B, C] scales or shifts each sample by itself (feature-wise modulation).
/// Shapes: x [B, C, ..]; weight and bias [C], [B, C] or undefined -> x's.
/// Throws unless the groups divide the channels.
/// Source: Wu and He 2018, "Group normalization".
Tensor group_norm(const Tensor& x, std::int64_t groups, const Tensor& weight = {},
                  const Tensor& bias = {}, double epsilon = 1e-5);
/// silu(group_norm(x, ..)) in one pass over memory, by the op `group_norm`.
Tensor group_norm_silu(const Tensor& x, std::int64_t groups, const Tensor& weight = {},
                       const Tensor& bias = {}, double epsilon = 1e-5);
/// Normalises over the pixels of each channel of each sample.
/// Shapes: x [B, C, ..]; weight and bias [C], [B, C] or undefined -> x's.
/// Source: Ulyanov, Vedaldi and Lempitsky 2016, "Instance normalization".
Tensor instance_norm(const Tensor& x, const Tensor& weight = {}, const Tensor& bias = {},
                     double epsilon = 1e-5);

/// `training` normalises by the statistics of the batch, evaluation by the running ones. A step of
/// training updates the running statistics, if given, with the unbiased variance:
///     running = (1 - momentum) running + momentum statistic
struct BatchNormOptions {
    bool training = true;
    double momentum = 0.1;
    double epsilon = 1e-5;
};
/// Normalises over the batch and all pixels of each channel.
/// Shapes: x [B, C, ..]; the running statistics, weight and bias [C] or undefined -> x's.
/// Throws: in training, if there is only one value a channel; in evaluation, without running
/// statistics.
/// Source: Ioffe and Szegedy 2015, "Batch normalization".
Tensor batch_norm(const Tensor& x, Tensor running_mean, Tensor running_var,
                  const Tensor& weight = {}, const Tensor& bias = {},
                  const BatchNormOptions& options = {});

/// Normalises over the last dimensions, whose extents are `shape`.
/// Shapes: x [.., shape]; weight and bias `shape` or undefined -> x's.
/// Source: Ba, Kiros and Hinton 2016, "Layer normalization".
Tensor layer_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {},
                  const Tensor& bias = {}, double epsilon = 1e-5);
/// Divides by the root of the mean square over the last dimensions, whose extents are `shape`:
///     x / sqrt(mean(x^2) + epsilon) weight
/// Shapes: x [.., shape]; weight `shape` or undefined -> x's.
/// Source: Zhang and Sennrich 2019, "Root mean square layer normalization".
Tensor rms_norm(const Tensor& x, const Shape& shape, const Tensor& weight = {},
                double epsilon = 1e-6);

}  // namespace eps
