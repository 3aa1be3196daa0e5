#pragma once
// Losses in nats (where they are logarithms), as compositions of differentiable operations. Input
// and target must have one shape: a silent broadcast of [B, 1] against [B] is the classic way to
// train on nonsense. Both may require gradients. As in PyTorch, the mean is over every element (of
// classes: over their weights), and the mean of nothing is NaN.
#include <optional>

#include "tensor/tensor.h"

namespace eps::nn {

enum class Reduction { mean, sum, none };

/// (input - target)^2: [..], [..] -> [], or [..] unreduced.
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// |input - target|; gradient 0 where they are equal.
Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// |d| <= delta ? d^2 / 2 : delta (|d| - delta / 2), d = input - target   (Huber 1964). Throws
/// unless delta > 0.
Tensor huber_loss(const Tensor& input, const Tensor& target, double delta = 1,
                  Reduction reduction = Reduction::mean);
/// |d| < beta ? d^2 / (2 beta) : |d| - beta / 2, d = input - target: huber_loss / beta, and l1_loss
/// for beta = 0   (Girshick 2015, eq. 3). Throws unless beta >= 0.
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, double beta = 1,
                      Reduction reduction = Reduction::mean);
/// max(0, 1 - target input), target 1 or -1: of a discriminator's scores for data (1) and samples
/// (-1) where the generator's loss is -mean(score)   (Lim & Ye 2017; Miyato et al. 2018, eq. 16 and
/// 17).
Tensor hinge_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);
/// -(t log sigmoid(logit) + (1 - t) log sigmoid(-logit)), targets t in [0, 1].
Tensor bce_with_logits_loss(const Tensor& logits, const Tensor& target,
                            Reduction reduction = Reduction::mean);

struct NllLossOptions {
    Tensor weight = {};  // [C], of each class; undefined: 1
    // rows of this target count for nothing, whatever their class; PyTorch's default is -100
    std::optional<std::int64_t> ignore_index = {};
    Reduction reduction = Reduction::mean;
};
struct CrossEntropyOptions {
    Tensor weight = {};
    std::optional<std::int64_t> ignore_index = {};
    double label_smoothing = 0;
    Reduction reduction = Reduction::mean;
};
/// -w[t] log_probs[b, t, ..], t = target[b, ..]: log_probs [B, C, ..], target i64 [B, ..] -> [], or
/// [B, ..] unreduced. The mean is sum of losses / sum of w[t]. Throws on a target outside [0, C)
/// that is not to be ignored, and on a weight that is not [C].
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options = {});
/// Cross entropy of softmax(logits) against (1 - s) [c = target] + s / C, s the label smoothing
/// (Szegedy et al. 2016, section 7); class c of the sum weighs w[c]: logits [B, C, ..], target i64
/// [B, ..] -> [], or [B, ..] unreduced. Mean and errors as nll_loss, and it throws unless 0 <= s
/// <= 1.
Tensor cross_entropy_loss(const Tensor& logits, const Tensor& target,
                          const CrossEntropyOptions& options = {});

struct GaussianNllOptions {
    bool full = false;      // add log(2 pi) / 2, which no parameter changes
    double epsilon = 1e-6;  // the least variance
    Reduction reduction = Reduction::mean;
};
/// (log v + (input - target)^2 / v) / 2, v = max(variance, epsilon), the bound being invisible to
/// the gradient as in PyTorch, so that a variance below it can recover: input, target [..],
/// variance of that shape or with extents of 1 where it is shared   (Nix & Weigend 1994). Throws
/// unless epsilon > 0.
Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& variance,
                         const GaussianNllOptions& options = {});

struct KlDivOptions {
    bool log_target = false;  // the target holds log p
    Reduction reduction = Reduction::mean;
};
/// p (log p - log q) of each element, log q = input, p = target, and 0 where p = 0: [..], [..]. The
/// divergence of distributions is the sum over their elements: for a batch of B, sum / B (PyTorch's
/// "batchmean"); the mean over all elements is not one   (Kullback & Leibler 1951).
Tensor kl_div_loss(const Tensor& input, const Tensor& target, const KlDivOptions& options = {});
/// sum a b / (max(|a|, epsilon) max(|b|, epsilon)) along dim: a, b of shapes that broadcast -> that
/// shape without dim. Throws unless epsilon > 0.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim = 1,
                         double epsilon = 1e-8);

/// KL(N(mu_q, exp(log_var_q)) || N(mu_p, exp(log_var_p))) of each element, broadcast: [.., D] ->
/// [.., D]; sum over D for the divergence of diagonal normals. With d = log_var_q - log_var_p it is
/// ((mu_q - mu_p)^2 / exp(log_var_p) + expm1(d) - d) / 2, which is the divergence of N((mu_q -
/// mu_p) / sigma_p, exp(d)) from N(0, 1); for p = N(0, 1) use kl_standard_normal(mu, log_var)
/// itself.
Tensor kl_normal(const Tensor& mu_q, const Tensor& log_var_q, const Tensor& mu_p,
                 const Tensor& log_var_p);

}  // namespace eps::nn
