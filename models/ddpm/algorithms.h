#pragma once
// Algorithms 1 and 2 of Ho, Jain & Abbeel 2020, to the letter: to be read beside the paper.
// Training and sampling with every option are training_loss (objective.h) and Sampler (sampler.h);
// tests hold that these are what those do without options.
#include "models/ddpm/denoiser.h"
#include "models/ddpm/sample_noise.h"

namespace eps::models::ddpm {

/// Algorithm 1, Training: the loss of a batch x_0 whose gradient a step descends -> []
Tensor algorithm1(const Schedule& schedule, const Denoiser& eps_theta, const Tensor& x0,
                  Generator& generator);
/// Algorithm 2, Sampling: x_T [B, ...] -> x_0. variance: beta or one of beta-tilde's.
Tensor algorithm2(const Schedule& schedule, const Denoiser& eps_theta, const Tensor& xT,
                  Variance variance, SampleNoise& noise);
/// Its line 4, the loop's body: 1 / sqrt(alpha_t) (x_t - (1 - alpha_t) / sqrt(1 - alpha_bar_t) eps)
/// + sigma_t z
Tensor ancestral_step(const Schedule& schedule, const Tensor& xt, const Tensor& eps, std::int64_t t,
                      double sigma, const Tensor& z);

}  // namespace eps::models::ddpm
