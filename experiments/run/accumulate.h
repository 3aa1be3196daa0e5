#pragma once
// A batch taken in parts: the gradient of its mean loss in the memory that one part needs.
#include <functional>

#include "experiments/run/task.h"
#include "nn/optim/grad_scaler.h"

namespace eps::models {

/// What a part of a batch gives: the mean loss over its samples, with a graph, and numbers to show,
/// means over its samples as well.
struct PartLoss {
    Tensor loss;
    NamedTensors scalars;
};

/// Cuts `indices` [n] into `parts` of n / parts rows, earlier ones a row longer where that leaves a
/// rest, and calls backward on the loss of each times its share of the rows, scaled: the gradients
/// that are added up are those of the mean loss over all, to rounding (for losses that are means
/// over samples: not through the statistics of batch norm). Returns the scalars' means over all
/// rows, f64. The caller zeroes gradients before and makes the step after. Throws unless 1 <= parts
/// <= n.
NamedTensors accumulate(const Tensor& indices, std::int64_t parts, nn::GradScaler& scaler,
                        const std::function<PartLoss(const Tensor& rows)>& loss);

}  // namespace eps::models
