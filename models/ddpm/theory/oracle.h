#pragma once
// A denoiser without training: of a mixture of isotropic Gaussians the noised law is again one, and
// its score is known.
#include <vector>

#include "models/ddpm/denoiser.h"
#include "tensor/random.h"

namespace eps::models::ddpm {

/// sum_k weights[k] N(means[k], variance I) in D dimensions.
struct GaussianMixture {
    Tensor means;  // f64 [K, D]
    double variance;
    std::vector<double> weights = {};  // [K], normalised to sum to 1; none: equal

    /// log p of x at signal sqrt(alpha_bar) and noise 1 - alpha_bar: [B, D] -> [B]; alpha_bar = 1:
    /// the data's density.
    Tensor log_density(const Tensor& x, double alpha_bar = 1) const;
    /// grad log p of the same, alpha_bar f64 [B, 1] or []: [B, D] -> [B, D]. Differentiable in x.
    Tensor score(const Tensor& x, const Tensor& alpha_bar) const;
    /// f64 [count, D] of the data.
    Tensor sample(std::int64_t count, Generator& generator) const;

private:
    Tensor log_weights() const;  // f64 [K]
    /// log weight_k N(x; sqrt(alpha_bar) means_k, alpha_bar variance + 1 - alpha_bar): f64 [B, K]
    Tensor log_terms(const Tensor& x, const Tensor& alpha_bar) const;
};

/// eps*(x, t) = -sqrt(1 - alpha_bar_t) grad log q(x_t), exact, for whole and real t. Differentiable
/// in x.
Denoiser oracle(const GaussianMixture& mixture, const Schedule& schedule);

}  // namespace eps::models::ddpm
