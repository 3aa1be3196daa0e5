#pragma once
// The two chains of Ho, Jain & Abbeel 2020: the forward process q, which adds noise, and the
// reverse process p_theta that a prediction makes. x [B, ...]; t [B], 1 .. T, one for each sample.
// f32 or f64 in, the same out: coefficients are computed in f64 and rounded last.
#include <string>
#include <vector>

#include "models/ddpm/schedule.h"
#include "models/distributions/normal.h"
#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// q(x_t | x_{t-1}) = N(sqrt(1 - beta_t) x_{t-1}, beta_t I)   (eq. 2)
Normal forward_step(const Schedule& schedule, const Tensor& previous, const Tensor& t);
/// q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)   (eq. 4)
Normal forward(const Schedule& schedule, const Tensor& x0, const Tensor& t);
/// x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise: a draw of it.
Tensor diffuse(const Schedule& schedule, const Tensor& x0, const Tensor& t, const Tensor& noise);
/// q(x_{t-1} | x_t, x_0) = N(mu-tilde_t(x_t, x_0), beta-tilde_t I)   (eq. 6 and 7)
Normal posterior(const Schedule& schedule, const Tensor& xt, const Tensor& x0, const Tensor& t);

/// What a network says of x_t. All four say the same: each is computed from each, given x_t and t.
// epsilon; x_0; v = sqrt(ab) eps - sqrt(1 - ab) x_0 (Salimans & Ho 2022); mu-tilde
enum class Prediction { noise, x0, v, mean };
/// "noise", "x0", "v", "mean".
Prediction prediction(const std::string& name);
const std::vector<std::string>& prediction_names();
/// The x_0 in a prediction. With noise, x_0 = (x_t - sqrt(1 - ab) eps) / sqrt(ab): alpha BAR in
/// both places.
Tensor to_x0(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt,
             const Tensor& t);
/// From one kind to another.
Tensor convert(const Schedule& schedule, Prediction from, Prediction to, const Tensor& predicted,
               const Tensor& xt, const Tensor& t);

/// sigma_t^2 of p_theta(x_{t-1} | x_t). beta and beta-tilde: section 3.2; beta-tilde_1 = 0, of
/// which a likelihood can make nothing, is beta_1 there, or, clipped, beta-tilde_2, as in the
/// paper's published code. learned: v of the network's own (Nichol & Dhariwal 2021, eq. 15).
enum class Variance { beta, beta_tilde, beta_tilde_clipped, learned };
/// "beta", "beta-tilde", "beta-tilde-clipped", "learned".
Variance variance(const std::string& name);
const std::vector<std::string>& variance_names();
/// [B, 1, ..], or of v's shape: learned is exp(u log beta_t + (1 - u) log beta-tilde_t), clipped, u
/// = (v + 1) / 2, and only that reads v.
Tensor reverse_variance(const Schedule& schedule, Variance kind, const Tensor& xt, const Tensor& t,
                        const Tensor& v = {});
/// p_theta(x_{t-1} | x_t) = N(mu_theta(x_t, t), sigma_t^2 I)   (eq. 1 and 11)
Normal reverse(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt,
               const Tensor& t, Variance variance, const Tensor& v = {});

// The same with the coefficients at hand, which samplers take between times that are not
// neighbours. -------------------------------------------

Tensor to_x0(const Coefficients& c, Prediction kind, const Tensor& predicted, const Tensor& xt);
Tensor from_x0(const Coefficients& c, Prediction kind, const Tensor& x0, const Tensor& xt);
/// mu-tilde = sqrt(ab_{t-1}) beta / (1 - ab) x_0 + sqrt(alpha) (1 - ab_{t-1}) / (1 - ab) x_t   (eq.
/// 7)
Tensor posterior_mean(const Coefficients& c, const Tensor& x0, const Tensor& xt);
/// exp(u log beta + (1 - u) log least), u = (v + 1) / 2
Tensor learned_variance(const Tensor& beta, const Tensor& least, const Tensor& v);

}  // namespace eps::models::ddpm
