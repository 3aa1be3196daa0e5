#pragma once
// Normalisation: subtract a mean, divide by a standard deviation, scale and shift.
//     y = (x - mean) / sqrt(variance + epsilon) weight + bias
// The norms differ in the elements that share a mean; the variance is the biased one. x is f32 or
// f64, statistics are f64, and images keep their order of memory. Distances from the mean must be
// numbers of x's dtype, and for second derivatives their squares too: in f32, less than 1.8e19.
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

/// Divides each element by what its neighbours among the channels add up to:
///     x / (k + alpha / size sum x_j^2)^beta,  over `size` channels j around the element's own
/// Shapes: x [B, C, ..] -> x's. Of the neighbours (size - 1) / 2 come after the channel.
/// Throws: unless 1 <= size.
/// Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3; with alpha / size as in PyTorch.
Tensor local_response_norm(const Tensor& x, std::int64_t size, double alpha = 1e-4,
                           double beta = 0.75, double k = 1);

}  // namespace eps
