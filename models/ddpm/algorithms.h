#pragma once
// Algorithms 1 and 2 of Ho, Jain & Abbeel 2020, line by line: read them beside the paper. Training
// and sampling with every option are training_loss (objective.h) and Sampler (sampler.h); without
// options those compute the same, and tests hold them to it.
#include "models/ddpm/denoiser.h"
#include "models/ddpm/sample_noise.h"

namespace eps::models::ddpm {

/// Algorithm 1, Training: the loss of a batch x_0 [B, ...], whose gradient a step descends -> []
Tensor algorithm1(const Schedule& schedule, const Denoiser& eps_theta, const Tensor& x0,
                  Generator& generator);
/// Algorithm 2, Sampling: x_T [B, ...] -> x_0.
/// Throws: on learned variances.
Tensor algorithm2(const Schedule& schedule, const Denoiser& eps_theta, const Tensor& xT,
                  Variance variance, SampleNoise& noise);
/// Line 4 of Algorithm 2:
///     x_{t-1} = 1 / sqrt(alpha_t) (x_t - (1 - alpha_t) / sqrt(1 - alpha_bar_t) eps) + sigma_t z
Tensor ancestral_step(const Schedule& schedule, const Tensor& xt, const Tensor& eps, std::int64_t t,
                      double sigma, const Tensor& z);

}  // namespace eps::models::ddpm
