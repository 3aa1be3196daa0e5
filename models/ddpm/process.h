#pragma once
// The two chains of Ho, Jain & Abbeel 2020: the forward process q, which adds noise, and the
// reverse process p_theta that a prediction defines. Coefficients are computed in f64 and rounded
// to x's dtype, f32 or f64, last.
// Shapes: x [B, ...]; t [B], one of 1 .. T for each sample
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
/// A draw from it: x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise
Tensor diffuse(const Schedule& schedule, const Tensor& x0, const Tensor& t, const Tensor& noise);
/// q(x_{t-1} | x_t, x_0) = N(mu-tilde_t(x_t, x_0), beta-tilde_t I)   (eq. 6 and 7)
Normal posterior(const Schedule& schedule, const Tensor& xt, const Tensor& x0, const Tensor& t);

/// The quantity that a network predicts. Given x_t and t, each follows from each.
enum class Prediction {
    noise,  // epsilon
    x0,
    v,    // sqrt(alpha_bar) eps - sqrt(1 - alpha_bar) x_0   (Salimans & Ho 2022)
    mean  // mu-tilde
};
/// By name: "noise", "x0", "v", "mean".
Prediction prediction(const std::string& name);
const std::vector<std::string>& prediction_names();
/// The x_0 that a prediction implies; from noise it is
///     x_0 = (x_t - sqrt(1 - alpha_bar) eps) / sqrt(alpha_bar),   alpha BAR under both roots.
Tensor to_x0(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt,
             const Tensor& t);
/// A prediction of one kind as one of another.
Tensor convert(const Schedule& schedule, Prediction from, Prediction to, const Tensor& predicted,
               const Tensor& xt, const Tensor& t);

/// sigma_t^2 of p_theta(x_{t-1} | x_t)   (section 3.2). beta-tilde_1 = 0 would make a likelihood
/// infinite, so beta_tilde uses beta_1 at t = 1, and beta_tilde_clipped uses beta-tilde_2, as the
/// paper's published code does. `learned` is the network's own v (Nichol & Dhariwal 2021, eq. 15).
enum class Variance { beta, beta_tilde, beta_tilde_clipped, learned };
/// By name: "beta", "beta-tilde", "beta-tilde-clipped", "learned".
Variance variance(const std::string& name);
const std::vector<std::string>& variance_names();
/// sigma_t^2. Only Variance::learned reads v:
///     exp(u log beta_t + (1 - u) log beta-tilde_t), u = (v + 1) / 2, beta-tilde clipped.
/// Shapes: -> [B, 1, ..], or v's shape
Tensor reverse_variance(const Schedule& schedule, Variance kind, const Tensor& xt, const Tensor& t,
                        const Tensor& v = {});
/// p_theta(x_{t-1} | x_t) = N(mu_theta(x_t, t), sigma_t^2 I)   (eq. 1 and 11)
Normal reverse(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt,
               const Tensor& t, Variance variance, const Tensor& v = {});

// The same from coefficients, which samplers compute between times that are not adjacent.

Tensor to_x0(const Coefficients& c, Prediction kind, const Tensor& predicted, const Tensor& xt);
Tensor from_x0(const Coefficients& c, Prediction kind, const Tensor& x0, const Tensor& xt);
/// mu-tilde = sqrt(alpha_bar_{t-1}) beta / (1 - alpha_bar) x_0
///            + sqrt(alpha) (1 - alpha_bar_{t-1}) / (1 - alpha_bar) x_t   (eq. 7)
Tensor posterior_mean(const Coefficients& c, const Tensor& x0, const Tensor& xt);
/// exp(u log beta + (1 - u) log least), u = (v + 1) / 2
Tensor learned_variance(const Tensor& beta, const Tensor& least, const Tensor& v);

}  // namespace eps::models::ddpm
