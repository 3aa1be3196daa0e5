#pragma once
// What a denoiser is trained on. Everything in nats, one value a sample unless it says otherwise.
#include <string>
#include <vector>

#include "models/ddpm/denoiser.h"

namespace eps::models::ddpm {

/// L_simple of a sample: the mean over its elements of (target - predicted)^2, [B, ...], [B, ...]
/// -> [B]   (Ho et al. 2020, eq. 14)
Tensor simple_loss(const Tensor& predicted, const Tensor& target);

/// The weight of ||eps - eps_theta||^2 in L_{t-1}: beta_t^2 / (2 sigma_t^2 alpha_t (1 -
/// alpha_bar_t))   (eq. 12). sigma^2 = beta or beta-tilde; infinite at t = 1 with beta-tilde_1 = 0.
double bound_weight(const Schedule& schedule, std::int64_t t, bool posterior_variance);
/// min(SNR(t), gamma) / SNR(t), the weight of the noise loss; of x0's it is min(SNR, gamma), of v's
/// min(SNR, gamma) / (SNR + 1)   (Hang et al. 2023, section 3.4). A mean is a multiple of x0, as
/// far as x_0 goes, and has none.
double min_snr_weight(const Schedule& schedule, std::int64_t t, double gamma,
                      Prediction kind = Prediction::noise);

/// log p(x_0 | x_1) of 8-bit data scaled to [-1, 1]: the normal's mass of each value's bin of width
/// 2/255, open at both ends, summed -> [B] (eq. 13)
Tensor discretised_log_prob(const Tensor& x0, const Normal& p);

// -log p(x_0 | x_1) of 8-bit images in [-1, 1], or of real data
enum class Decoder { discretised, density };
/// L_T = KL(q(x_T | x_0) || N(0, I)) -> [B]
Tensor bound_prior(const Schedule& schedule, const Tensor& x0);
/// The bound's term of each sample's t: L_{t-1} = KL(q(x_{t-1} | x_t, x_0) || p_theta(x_{t-1} |
/// x_t)) where t > 1, L_0 = -log p_theta(x_0 | x_1) where t = 1   (eq. 5). p is what a model makes
/// of x_t ~ q(x_t | x_0). -> [B]
Tensor bound_term(const Schedule& schedule, const Normal& p, const Tensor& x0, const Tensor& xt,
                  const Tensor& t, Decoder decoder);

struct LossOptions {
    /// simple: (14) of whatever the denoiser predicts. min-snr: that, weighted. bound: T times the
    /// bound's term, so that its mean over uniform t is the bound less L_T. hybrid: simple + 0.001
    /// bound, the bound training the variance alone (Nichol & Dhariwal 2021, section 3.1). The last
    /// two are nats an element.
    std::string name = "simple";
    double gamma = 5;                        // of min-snr
    Variance variance = Variance::beta;      // of bound and hybrid
    Decoder decoder = Decoder::discretised;  // the same
};
/// The loss at x_t = diffuse(x0, t, noise), one a sample -> [B]. Throws on an unknown name.
Tensor training_loss(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                     const Tensor& t, const Tensor& noise, const LossOptions& options);
const std::vector<std::string>& loss_names();

}  // namespace eps::models::ddpm
