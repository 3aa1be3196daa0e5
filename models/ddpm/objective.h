#pragma once
// What a denoiser is trained on, from predictions alone. Everything in nats, one value a sample unless it says otherwise.
#include <string>

#include "models/ddpm/process.h"

namespace eps::models::ddpm {

/// L_simple of a sample: the mean over its elements of (target - predicted)^2, [B, ...], [B, ...] -> [B]   (Ho et al. 2020, eq. 14)
Tensor simple_loss(const Tensor& predicted, const Tensor& target);

/// The weight of ||eps - eps_theta||^2 in L_{t-1}: beta_t^2 / (2 sigma_t^2 alpha_t (1 - alpha_bar_t))   (eq. 12). sigma^2 = beta or beta-tilde; infinite at
/// t = 1 with beta-tilde_1 = 0.
double bound_weight(const Schedule& schedule, std::int64_t t, bool posterior_variance);
/// min(SNR(t), gamma) / SNR(t), the weight of the noise loss   (Hang et al. 2023)
double min_snr_weight(const Schedule& schedule, std::int64_t t, double gamma);

/// KL(N(m1, v1) || N(m2, v2)) summed over a sample's elements -> [B]
Tensor normal_kl(const Normal& q, const Normal& p);
/// log p(x_0 | x_1) of 8-bit data scaled to [-1, 1]: the normal's mass of each value's bin of width 2/255, open at both ends, summed -> [B]   (eq. 13)
Tensor discretised_log_prob(const Tensor& x0, const Normal& p);

}  // namespace eps::models::ddpm
