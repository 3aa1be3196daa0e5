#pragma once
// Losses in nats (where they are logarithms), as compositions of differentiable operations. Input and target must have one shape: a
// silent broadcast of [B, 1] against [B] is the classic way to train on nonsense. Both may require gradients. As in PyTorch, the mean is
// over every element, and the mean of nothing is NaN.
#include "tensor/tensor.h"

namespace eps::nn {

enum class Reduction { mean, sum, none };

/// (input - target)^2: [..], [..] -> [], or [..] unreduced.
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// |input - target|; gradient 0 where they are equal.
Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// |d| <= delta ? d^2 / 2 : delta (|d| - delta / 2), d = input - target   (Huber 1964). Throws unless delta > 0.
Tensor huber_loss(const Tensor& input, const Tensor& target, double delta = 1, Reduction reduction = Reduction::mean);
/// -(t log sigmoid(logit) + (1 - t) log sigmoid(-logit)), targets t in [0, 1].
Tensor bce_with_logits_loss(const Tensor& logits, const Tensor& target, Reduction reduction = Reduction::mean);

/// -log_probs[i, target[i]]: log_probs [B, C], target i64 [B] -> [], or [B] unreduced. Throws on a target outside [0, C).
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, Reduction reduction = Reduction::mean);
/// Cross entropy of softmax(logits) against (1 - s) [c = target] + s / C, s the label smoothing (Szegedy et al. 2016, section 7):
/// logits [B, C], target i64 [B] -> [], or [B] unreduced. Throws on a target outside [0, C) and unless 0 <= s <= 1.
Tensor cross_entropy_loss(const Tensor& logits, const Tensor& target, double label_smoothing = 0, Reduction reduction = Reduction::mean);

/// KL(N(mu_q, exp(log_var_q)) || N(mu_p, exp(log_var_p))) of each element, broadcast: [.., D] -> [.., D]; sum over D for the divergence of
/// diagonal normals. With d = log_var_q - log_var_p it is ((mu_q - mu_p)^2 / exp(log_var_p) + expm1(d) - d) / 2, which is the divergence
/// of N((mu_q - mu_p) / sigma_p, exp(d)) from N(0, 1); for p = N(0, 1) use kl_standard_normal(mu, log_var) itself.
Tensor kl_normal(const Tensor& mu_q, const Tensor& log_var_q, const Tensor& mu_p, const Tensor& log_var_p);

}  // namespace eps::nn
