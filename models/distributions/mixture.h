#pragma once
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models {

/// sum_k w_k N(mu_k, diag exp(log_var_k)), w = softmax(logits), in nats. Densities are
/// differentiable in x and in all three parameters.
/// Shapes: logits [K]; mu [K, D], or [B, K, D] for a mixture of its own for each sample; log_var
/// of mu's shape, or any that broadcasts to it.
struct GaussianMixture {
    Tensor logits, mu, log_var;

    /// One variance for all components, in f64: means f64 [K, D], weights [K] of any positive sum,
    /// or none where all are equal.
    /// Throws: on means of another dtype or rank, variance <= 0, and a wrong number of weights.
    static GaussianMixture isotropic(const Tensor& means, double variance,
                                     const std::vector<double>& weights = {});

    /// log w_k N(x; mu_k, diag exp(log_var_k)): x [B, D] -> [B, K]
    Tensor log_joint(const Tensor& x) const;
    /// log sum_k of that -> [B]
    Tensor log_prob(const Tensor& x) const;
    /// grad_x log p(x) = sum_k p(k | x) (mu_k - x) / exp(log_var_k): x [B, D] -> [B, D]
    Tensor score(const Tensor& x) const;
    /// Differentiable in mu and log_var, not in the weights. Needs mu [K, D] -> [count, D]
    Tensor sample(std::int64_t count, Generator& generator) const;
};

}  // namespace eps::models
