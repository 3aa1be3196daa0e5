#pragma once
// A denoiser without training: of a mixture of isotropic Gaussians the noised law is again one, and its score is known.
#include <vector>

#include "models/ddpm/process.h"
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {

/// sum_k weights[k] N(means[k], variance I) in D dimensions.
struct GaussianMixture {
    Tensor means;                 // f64 [K, D]
    double variance;
    std::vector<double> weights;  // [K]; none: equal

    /// log p of x at signal sqrt(alpha_bar) and noise 1 - alpha_bar: [B, D] -> [B]; alpha_bar = 1: the data's density.
    Tensor log_density(const Tensor& x, double alpha_bar = 1) const;
    /// [count, D] of the data.
    Tensor sample(std::int64_t count, Generator& generator) const;
};

/// eps*(x, t) = -sqrt(1 - alpha_bar_t) grad log q(x_t), exact; real t through log-linear interpolation of alpha_bar's logit, as the ODE's solvers take it.
Denoiser oracle(const GaussianMixture& mixture, const Schedule& schedule);

}  // namespace eps::models::ddpm
