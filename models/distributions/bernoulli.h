#pragma once
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models {

/// Vectors of independent bits, x_d = 1 with probability sigmoid(logits_d). Everything is computed
/// from the logits, so that it stays finite where a probability rounds to 0 or 1. In nats.
/// Shapes: logits [.., D]
struct Bernoulli {
    Tensor logits;

    /// sigmoid(logits) -> [.., D]
    Tensor mean() const;
    /// Bits, not differentiable -> [.., D]
    Tensor sample(Generator& generator) const;
    /// sum_d x_d log p_d + (1 - x_d) log(1 - p_d): x [.., D] -> [..]
    /// x may lie anywhere in [0, 1]; between the ends the value is minus a cross entropy, not the
    /// logarithm of a probability.
    Tensor log_prob(const Tensor& x) const;
    /// -> [..]
    Tensor entropy() const;
};
/// KL(q || p) -> [..]
Tensor kl(const Bernoulli& q, const Bernoulli& p);

}  // namespace eps::models
