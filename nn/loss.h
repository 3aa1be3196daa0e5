#pragma once
// Losses as compositions of differentiable operations; those that are logarithms are in nats. Input
// and target must have the same shape, because a silent broadcast of [B, 1] against [B] trains on
// nonsense. Both may require gradients. As in PyTorch, the mean is over all elements (for classes,
// over their weights), and the mean of nothing is NaN.
#include <optional>

#include "tensor/tensor.h"

namespace eps::nn {

enum class Reduction { mean, sum, none };

/// (input - target)^2: [..], [..] -> [], or [..] unreduced.
Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);

/// |input - target|, with gradient 0 where they are equal.
Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);

/// With d = input - target: d^2 / 2 where |d| <= delta, and delta (|d| - delta / 2) elsewhere.
/// Throws: unless delta > 0.
/// Source: Huber 1964.
Tensor huber_loss(const Tensor& input, const Tensor& target, double delta = 1,
                  Reduction reduction = Reduction::mean);

/// With d = input - target: d^2 / (2 beta) where |d| < beta, and |d| - beta / 2 elsewhere. This is
/// huber_loss / beta, and l1_loss for beta = 0.
/// Throws: unless beta >= 0.
/// Source: Girshick 2015, eq. 3.
Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, double beta = 1,
                      Reduction reduction = Reduction::mean);

/// max(0, 1 - target input), target 1 or -1. For a discriminator the target of data is 1 and that
/// of samples -1; the generator's loss is then -mean(input).
/// Source: Lim & Ye 2017; Miyato et al. 2018, eq. 16 and 17.
Tensor hinge_loss(const Tensor& input, const Tensor& target, Reduction reduction = Reduction::mean);

/// -(t log sigmoid(logit) + (1 - t) log sigmoid(-logit)), targets t in [0, 1].
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        Reduction reduction = Reduction::mean);

struct BceWithLogitsOptions {
    Tensor weight = {};      // multiplies the losses; broadcasts to them
    Tensor pos_weight = {};  // multiplies what a target of 1 costs; broadcasts, often [C]
    Reduction reduction = Reduction::mean;
};
/// -w (p t log sigmoid(logit) + (1 - t) log sigmoid(-logit)) with weights w and p. The mean is over
/// all elements, whatever their weights.
/// Throws: unless the weights broadcast to the logits.
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        const BceWithLogitsOptions& options);

struct BceOptions {
    Tensor weight = {};  // multiplies the losses; broadcasts to them
    Reduction reduction = Reduction::mean;
};
/// -w (t log p + (1 - t) log(1 - p)) for probabilities p = input and targets t in [0, 1]. As in
/// PyTorch a logarithm is at least -100, so that an impossible event costs 100. Its gradient is 0
/// then: prefer logits, if there are.
/// Throws: unless the weight broadcasts to the input.
Tensor binary_cross_entropy(const Tensor& input, const Tensor& target,
                            const BceOptions& options = {});

struct NllLossOptions {
    Tensor weight = {};  // one for each class, [C]; undefined: 1
    // Targets of this value are left out. PyTorch's default is -100.
    std::optional<std::int64_t> ignore_index = {};
    Reduction reduction = Reduction::mean;
};
/// -w[t] log_probs[b, t, ..] with t = target[b, ..]. The mean is sum of losses / sum of w[t].
/// Shapes: log_probs [B, C, ..], target i64 [B, ..] -> [], or [B, ..] unreduced.
/// Throws: on a target outside [0, C) that is not ignored, and on a weight that is not [C].
Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& options = {});

struct CrossEntropyOptions {
    Tensor weight = {};  // one for each class, [C]; undefined: 1
    std::optional<std::int64_t> ignore_index = {};
    double label_smoothing = 0;
    Reduction reduction = Reduction::mean;
};
/// Cross entropy of softmax(logits) against (1 - s) [c = target] + s / C, where s is the label
/// smoothing; class c of the sum weighs w[c]. The mean is that of nll_loss.
/// A target of the logits' shape and dtype holds probabilities q of all classes instead. Then the
/// loss is -sum_c w[c] ((1 - s) q[c] + s / C) log softmax(logits)[c], whose mean is over B and
/// whatever follows C, and no target is ignored.
/// Shapes: logits [B, C, ..], target i64 [B, ..] or [B, C, ..] -> [], or [B, ..] unreduced.
/// Throws: as nll_loss, and unless 0 <= s <= 1.
/// Source: Szegedy et al. 2016, section 7.
Tensor cross_entropy(const Tensor& logits, const Tensor& target,
                     const CrossEntropyOptions& options = {});

struct GaussianNllOptions {
    bool full = false;      // adds log(2 pi) / 2, which no parameter changes
    double epsilon = 1e-6;  // the smallest variance
    Reduction reduction = Reduction::mean;
};
/// (log v + (input - target)^2 / v) / 2 with v = max(variance, epsilon). As in PyTorch the gradient
/// ignores the maximum, so that a variance below it can recover.
/// Shapes: input, target [..]; variance of that shape, or with extents of 1 where it is shared.
/// Throws: unless epsilon > 0.
/// Source: Nix & Weigend 1994.
Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& variance,
                         const GaussianNllOptions& options = {});

struct KlDivOptions {
    bool log_target = false;  // the target holds log p
    Reduction reduction = Reduction::mean;
};
/// p (log p - log q) of each element, with log q = input and p = target; 0 where p = 0. The
/// divergence of distributions is the sum over their elements: for a batch of B it is sum / B
/// (PyTorch's "batchmean"), not the mean over all elements.
/// Source: Kullback & Leibler 1951.
Tensor kl_div(const Tensor& input, const Tensor& target, const KlDivOptions& options = {});

/// sum a b / (max(|a|, epsilon) max(|b|, epsilon)) along dim. The gradient of a vector shorter than
/// epsilon, 0 too, is that of a / epsilon: no longer than 1 / epsilon.
/// Shapes: a, b of shapes that broadcast -> that shape without dim.
/// Throws: unless epsilon > 0.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim = 1,
                         double epsilon = 1e-8);

/// KL(N(mu_q, exp(log_var_q)) || N(mu_p, exp(log_var_p))) of each element; the sum over the last
/// dimension is the divergence of diagonal normals. For p = N(0, 1) use kl_standard_normal.
///     ((mu_q - mu_p)^2 / exp(log_var_p) + expm1(d) - d) / 2,  d = log_var_q - log_var_p
/// That is the divergence of N((mu_q - mu_p) / sigma_p, exp(d)) from N(0, 1).
/// Shapes: [.., D], which broadcast -> [.., D].
Tensor kl_normal(const Tensor& mu_q, const Tensor& log_var_q, const Tensor& mu_p,
                 const Tensor& log_var_p);

}  // namespace eps::nn
