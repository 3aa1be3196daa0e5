#include "nn/loss.h"

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/index.h"
#include "autograd/ops/reduce.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax.h"

namespace eps::nn {
namespace {

Tensor reduced(const Tensor& losses, Reduction reduction) {
    switch (reduction) {
        case Reduction::mean: return mean(losses);
        case Reduction::sum: return sum(losses);
        case Reduction::none: break;
    }
    return losses;
}

void check_same_shape(const char* op, const Tensor& input, const Tensor& target) {
    check(input.defined() && target.defined(), op, "an input is an undefined tensor");
    check(input.shape() == target.shape(), op, "input and target differ in shape; got ", input.shape(), " and ", target.shape(),
          "; hint: reshape or expand one of them");
}

void check_classes(const char* op, const Tensor& scores, const Tensor& target) {
    check(scores.defined() && target.defined(), op, "an input is an undefined tensor");
    check(scores.rank() == 2, op, "scores must be [B, C]; got ", describe(scores));
    check(target.dtype() == i64 && target.shape() == Shape{scores.size(0)}, op, "the target must hold one class a row; got ",
          describe(target), "; expected i64 [", scores.size(0), "]", is_floating(target.dtype()) ? "; hint: to(target, i64)" : "");
}

// -log_probs[i, target[i]] -> [B]
Tensor picked(const Tensor& log_probs, const Tensor& target) { return -squeeze(gather(log_probs, 1, unsqueeze(target, 1)), 1); }

}  // namespace

Tensor mse_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
    check_same_shape("mse_loss", input, target);
    return reduced(squared_error(input, target), reduction);
}

Tensor l1_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
    check_same_shape("l1_loss", input, target);
    return reduced(abs(input - target), reduction);
}

Tensor huber_loss(const Tensor& input, const Tensor& target, double delta, Reduction reduction) {
    check_same_shape("huber_loss", input, target);
    check(delta > 0, "huber_loss", "delta must be positive; got ", delta);
    return reduced(huber(input, target, {.delta = delta}), reduction);
}

Tensor bce_with_logits_loss(const Tensor& logits, const Tensor& target, Reduction reduction) {
    check_same_shape("bce_with_logits_loss", logits, target);
    return reduced(bce_with_logits(logits, target), reduction);
}

Tensor nll_loss(const Tensor& log_probs, const Tensor& target, Reduction reduction) {
    check_classes("nll_loss", log_probs, target);
    return reduced(picked(log_probs, target), reduction);
}

Tensor cross_entropy_loss(const Tensor& logits, const Tensor& target, double label_smoothing, Reduction reduction) {
    check_classes("cross_entropy_loss", logits, target);
    check(label_smoothing >= 0 && label_smoothing <= 1, "cross_entropy_loss", "bad label smoothing; got ", label_smoothing,
          "; expected 0 to 1");
    const Tensor log_probs = log_softmax(logits, 1);
    Tensor losses = picked(log_probs, target);
    if (label_smoothing > 0) losses = (1 - label_smoothing) * losses - label_smoothing * mean(log_probs, {1});
    return reduced(losses, reduction);
}

Tensor kl_normal(const Tensor& mu_q, const Tensor& log_var_q, const Tensor& mu_p, const Tensor& log_var_p) {
    return kl_standard_normal((mu_q - mu_p) * exp(-0.5 * log_var_p), log_var_q - log_var_p);
}

}  // namespace eps::nn
