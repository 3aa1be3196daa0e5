#pragma once
// The two chains of Ho, Jain & Abbeel 2020: the forward process q, which adds noise, and what a prediction of the noise says of the reverse one.
// x [B, ...]; t i64 [B], 1 .. T, one for each sample. f32 or f64 in, the same out.
#include "models/ddpm/schedule.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// A normal distribution with one variance a sample: mean [B, ...], variance [B, 1, ..].
struct Normal {
    Tensor mean, variance;
};

/// q(x_t | x_{t-1}) = N(sqrt(1 - beta_t) x_{t-1}, beta_t I)   (eq. 2)
Normal forward_step(const Schedule& schedule, const Tensor& previous, const Tensor& t);
/// q(x_t | x_0) = N(sqrt(alpha_bar_t) x_0, (1 - alpha_bar_t) I)   (eq. 4)
Normal forward(const Schedule& schedule, const Tensor& x0, const Tensor& t);
/// x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise: a draw of it.
Tensor diffuse(const Schedule& schedule, const Tensor& x0, const Tensor& t, const Tensor& noise);
/// q(x_{t-1} | x_t, x_0) = N(mu-tilde_t(x_t, x_0), beta-tilde_t I)   (eq. 6 and 7)
Normal posterior(const Schedule& schedule, const Tensor& xt, const Tensor& x0, const Tensor& t);

/// What a network says of x_t. All four say the same: each is computed from each, given x_t and t.
enum class Prediction { noise, x0, v, mean };  // epsilon; x_0; v = sqrt(ab) eps - sqrt(1 - ab) x_0 (Salimans & Ho 2022); mu-tilde
/// "noise", "x0", "v", "mean".
Prediction prediction(const std::string& name);
/// The x_0 in a prediction. With noise, x_0 = (x_t - sqrt(1 - ab) eps) / sqrt(ab): alpha BAR in both places.
Tensor to_x0(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt, const Tensor& t);
/// From one kind to another.
Tensor convert(const Schedule& schedule, Prediction from, Prediction to, const Tensor& predicted, const Tensor& xt, const Tensor& t);

}  // namespace eps::models::ddpm
