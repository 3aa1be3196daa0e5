#pragma once
// The losses that train a denoiser. In nats, one value a sample unless stated otherwise.
#include <string>
#include <vector>

#include "models/ddpm/denoiser.h"

namespace eps::models::ddpm {

/// L_simple: the mean over a sample's elements of (target - predicted)^2
/// Shapes: [B, ...], [B, ...] -> [B]
/// Source: Ho et al. 2020, eq. 14.
Tensor simple_loss(const Tensor& predicted, const Tensor& target);

/// The weight of ||eps - eps_theta||^2 in L_{t-1}:
///     beta_t^2 / (2 sigma_t^2 alpha_t (1 - alpha_bar_t))   (eq. 12)
/// sigma^2 is beta, or beta-tilde with `posterior_variance`, where it is infinite at t = 1.
double bound_weight(const Schedule& schedule, std::int64_t t, bool posterior_variance);
/// The min-SNR weight of a loss: min(SNR(t), gamma) / SNR(t) for noise, min(SNR, gamma) for x0,
/// min(SNR, gamma) / (SNR + 1) for v.
/// Throws: on Prediction::mean, for which the paper defines none.
/// Source: Hang et al. 2023, section 3.4.
double min_snr_weight(const Schedule& schedule, std::int64_t t, double gamma,
                      Prediction kind = Prediction::noise);

/// log p(x_0 | x_1) of 8-bit data scaled to [-1, 1]: the normal's mass in each value's bin of width
/// 2/255 (unbounded for the two outermost values), in logarithms summed over the elements -> [B]
/// (eq. 13)
Tensor discretised_log_prob(const Tensor& x0, const Normal& p);

/// p(x_0 | x_1): for 8-bit images in [-1, 1], or for real data.
enum class Decoder { discretised, density };
/// L_T = KL(q(x_T | x_0) || N(0, I)) -> [B]
Tensor bound_prior(const Schedule& schedule, const Tensor& x0);
/// The bound's term for each sample's t -> [B]
///     t > 1: L_{t-1} = KL(q(x_{t-1} | x_t, x_0) || p_theta(x_{t-1} | x_t))
///     t = 1: L_0 = -log p_theta(x_0 | x_1)                                  (eq. 5)
/// p is the model's p_theta(x_{t-1} | x_t) at x_t ~ q(x_t | x_0).
Tensor bound_term(const Schedule& schedule, const Normal& p, const Tensor& x0, const Tensor& xt,
                  const Tensor& t, Decoder decoder);

struct LossOptions {
    /// simple: eq. 14 for the quantity that the denoiser predicts.
    /// min-snr: that, weighted.
    /// bound: T times the bound's term in nats per element, so that the mean over uniform t is the
    ///     bound without L_T.
    /// hybrid: simple + 0.001 bound, where the bound trains the variance alone; it needs learned
    ///     variances (Nichol & Dhariwal 2021, section 3.1).
    std::string name = "simple";
    double gamma = 5;                        // for min-snr
    Variance variance = Variance::beta;      // for bound and hybrid
    Decoder decoder = Decoder::discretised;  // for bound and hybrid
};
/// The loss of each sample at x_t = diffuse(x0, t, noise) -> [B]
/// Throws: on an unknown name, listing the known ones.
Tensor training_loss(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                     const Tensor& t, const Tensor& noise, const LossOptions& options);
const std::vector<std::string>& loss_names();

}  // namespace eps::models::ddpm
