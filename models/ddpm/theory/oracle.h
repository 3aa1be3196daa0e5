#pragma once
// The exact denoiser, without training: noise makes a mixture of Gaussians another mixture of
// Gaussians, whose score is known. Samplers and likelihoods are measured with it.
#include "models/ddpm/denoiser.h"
#include "models/distributions/mixture.h"

namespace eps::models::ddpm {

/// The law of x_t = sqrt(alpha_bar) x_0 + sqrt(1 - alpha_bar) eps for x_0 from `data`: the means
/// become sqrt(alpha_bar) mu_k, the variances alpha_bar exp(log_var_k) + 1 - alpha_bar.
/// Shapes: alpha_bar [] for the whole batch, or [B, 1] for each sample; of the data's dtype
GaussianMixture diffused(const GaussianMixture& data, const Tensor& alpha_bar);

/// eps*(x, t) = -sqrt(1 - alpha_bar_t) grad log q(x_t), for whole and for real t. Differentiable in
/// x. The mixture is in f64; predictions have x's dtype.
Denoiser oracle(const GaussianMixture& data, const Schedule& schedule);

}  // namespace eps::models::ddpm
