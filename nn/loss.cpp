#include "nn/loss.h"

#include <cmath>
#include <numbers>

#include "autograd/engine.h"
#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/index_check.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

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
    check(input.shape() == target.shape(), op, "input and target differ in shape; got ",
          input.shape(), " and ", target.shape(), "; hint: reshape or expand one of them");
}

void check_classes(const char* op, const Tensor& scores, const Tensor& target,
                   const Tensor& weight) {
    check(scores.defined() && target.defined(), op, "an input is an undefined tensor");
    check(scores.rank() >= 2, op, "scores must be [B, C, ..]; got ", describe(scores));
    Shape expected;
    for (int d = 0; d < scores.rank(); ++d)
        if (d != 1) expected.push_back(scores.size(d));
    check(target.dtype() == i64 && target.shape() == expected, op,
          "the target must hold one class for each sample; got ", describe(target),
          "; expected i64 ", expected,
          is_floating(target.dtype()) ? "; hint: to(target, i64)" : "");
    check(!weight.defined() || weight.shape() == Shape{scores.size(1)}, op,
          "the weight must hold one number for each class; got ", describe(weight), "; expected [",
          scores.size(1), "]");
}

struct Targets {
    Tensor target;  // i64 [B, ..], every one of which is a class
    Tensor counts;  // which of them count; undefined: all
    Tensor weight;  // one for each of them; undefined: 1
};
Targets targets_of(const char* op, const Tensor& scores, const Tensor& target, const Tensor& weight,
                   const std::optional<std::int64_t>& ignored) {
    Targets targets{.target = target, .counts = {}, .weight = {}};
    if (ignored) {
        targets.counts = ne(target, static_cast<double>(*ignored));
        targets.target = target * to(targets.counts, i64);  // class 0 where it is ignored
        targets.weight = to(targets.counts, scores.dtype());
    }
    detail::check_range(op, targets.target, scores.size(1));
    if (!weight.defined()) return targets;
    const Tensor of_class =
        reshape(index_select(weight, 0, reshape(targets.target, {targets.target.numel()})),
                targets.target.shape());
    targets.weight = ignored ? targets.weight * of_class : of_class;
    return targets;
}

// -x[b, target[b, ..], ..] -> [B, ..]
Tensor picked(const Tensor& x, const Tensor& target) {
    return -squeeze(gather(x, 1, unsqueeze(target, 1)), 1);
}

// where() and not a product with 0, because a loss that does not count may be infinite.
Tensor counted(const Tensor& losses, const Targets& targets) {
    return targets.counts.defined() ? where(targets.counts, losses, zeros_like(losses)) : losses;
}

// The weighted losses of each target class.
Tensor class_losses(const Tensor& log_probs, const Targets& targets) {
    const Tensor losses = picked(log_probs, targets.target);
    return counted(targets.weight.defined() ? losses * targets.weight : losses, targets);
}

// -sum over classes of w[c] log_probs[b, c, ..] / C -> [B, ..]
Tensor smoothing_losses(const Tensor& log_probs, const Tensor& weight, const Targets& targets) {
    if (!weight.defined()) return counted(-mean(log_probs, {1}), targets);
    Shape shape = Dims::filled(log_probs.rank(), 1);
    shape[1] = log_probs.size(1);
    return counted(-mean(log_probs * reshape(weight, shape), {1}), targets);
}

// The mean of weighted losses is over the sum of their weights.
Tensor reduced(const Tensor& losses, const Tensor& weight, Reduction reduction) {
    if (reduction != Reduction::mean || !weight.defined()) return reduced(losses, reduction);
    return sum(losses) / sum(weight);
}

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

Tensor smooth_l1_loss(const Tensor& input, const Tensor& target, double beta, Reduction reduction) {
    check_same_shape("smooth_l1_loss", input, target);
    check(beta >= 0, "smooth_l1_loss", "beta must not be negative; got ", beta);
    return beta == 0 ? l1_loss(input, target, reduction)
                     : reduced(huber(input, target, {.delta = beta}) / beta, reduction);
}

Tensor hinge_loss(const Tensor& input, const Tensor& target, Reduction reduction) {
    check_same_shape("hinge_loss", input, target);
    return reduced(relu(1 - target * input), reduction);
}

Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        Reduction reduction) {
    check_same_shape("binary_cross_entropy_with_logits", logits, target);
    return reduced(bce_with_logits(logits, target), reduction);
}

namespace {

Tensor weighted(const Checker& check, const Tensor& losses, const Tensor& weight) {
    if (!weight.defined()) return losses;
    check(broadcastable_to(weight.shape(), losses.shape()), "the weight does not broadcast; got ",
          weight.shape(), " to ", losses.shape());
    return losses * weight;
}

// log p and log(1 - p), but -100 where that would be less, and no gradient there.
Tensor bounded_log(const Tensor& p) {
    const Tensor tiny = p < std::exp(-100);
    const Tensor above = where(tiny, ones({}, p.options()), p);
    return where(tiny, full({}, -100, p.options()), log(above));
}
Tensor bounded_log_of_rest(const Tensor& p) {
    const Tensor tiny = 1 - p < std::exp(-100);
    const Tensor below = where(tiny, zeros({}, p.options()), p);
    return where(tiny, full({}, -100, p.options()), log1p(-below));
}

}  // namespace

Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& target,
                                        const BceWithLogitsOptions& o) {
    const Checker check("binary_cross_entropy_with_logits");
    check_same_shape(check.op, logits, target);
    if (!o.pos_weight.defined())
        return reduced(weighted(check, bce_with_logits(logits, target), o.weight), o.reduction);
    const Tensor positive = weighted(check, target * softplus(-logits), o.pos_weight);
    const Tensor losses = positive + (1 - target) * softplus(logits);
    return reduced(weighted(check, losses, o.weight), o.reduction);
}

Tensor binary_cross_entropy(const Tensor& input, const Tensor& target, const BceOptions& o) {
    const Checker check("binary_cross_entropy");
    check_same_shape(check.op, input, target);
    const Tensor losses =
        -(target * bounded_log(input) + (1 - target) * bounded_log_of_rest(input));
    return reduced(weighted(check, losses, o.weight), o.reduction);
}

Tensor nll_loss(const Tensor& log_probs, const Tensor& target, const NllLossOptions& o) {
    check_classes("nll_loss", log_probs, target, o.weight);
    const Targets targets = targets_of("nll_loss", log_probs, target, o.weight, o.ignore_index);
    return reduced(class_losses(log_probs, targets), targets.weight, o.reduction);
}

namespace {

// Against probabilities of all classes.
Tensor soft_cross_entropy(const Checker& check, const Tensor& logits, const Tensor& target,
                          const CrossEntropyOptions& o) {
    check(!o.ignore_index, "a target of probabilities has no class to ignore; got ignore_index ",
          o.ignore_index.value_or(0));
    const std::int64_t classes = logits.size(1);
    const double s = o.label_smoothing;
    const Tensor q = s > 0 ? (1 - s) * target + s / static_cast<double>(classes) : target;
    Shape by_class = Dims::filled(logits.rank(), 1);
    by_class[1] = classes;
    if (o.weight.defined())
        check(o.weight.shape() == Shape{classes},
              "the weight must hold one number for each class; got ", describe(o.weight),
              "; expected [", classes, "]");
    const Tensor log_probs = log_softmax(logits, 1);
    const Tensor terms =
        o.weight.defined() ? q * reshape(o.weight, by_class) * log_probs : q * log_probs;
    return reduced(-sum(terms, {1}), o.reduction);
}

}  // namespace

Tensor cross_entropy(const Tensor& logits, const Tensor& target, const CrossEntropyOptions& o) {
    const Checker check("cross_entropy");
    const double s = o.label_smoothing;
    check(s >= 0 && s <= 1, "bad label smoothing; got ", s, "; expected 0 to 1");
    if (logits.defined() && target.defined() && logits.rank() >= 2 && is_floating(target.dtype()) &&
        target.shape() == logits.shape())
        return soft_cross_entropy(check, logits, target, o);
    check_classes("cross_entropy", logits, target, o.weight);
    const Tensor log_probs = log_softmax(logits, 1);
    const Targets targets = targets_of("cross_entropy", logits, target, o.weight, o.ignore_index);
    Tensor losses = class_losses(log_probs, targets);
    if (s > 0) losses = (1 - s) * losses + s * smoothing_losses(log_probs, o.weight, targets);
    return reduced(losses, targets.weight, o.reduction);
}

Tensor gaussian_nll_loss(const Tensor& input, const Tensor& target, const Tensor& variance,
                         const GaussianNllOptions& o) {
    constexpr const char* op = "gaussian_nll_loss";
    check_same_shape(op, input, target);
    check(o.epsilon > 0, op, "epsilon must be positive; got ", o.epsilon);
    bool fits = variance.defined() && variance.rank() == input.rank();
    for (int d = 0; fits && d < input.rank(); ++d)
        fits = variance.size(d) == input.size(d) || variance.size(d) == 1;
    check(fits, op, "the variance does not fit; got ", describe(variance), "; expected ",
          input.shape(), ", or 1 where it is shared");
    // epsilon itself where the variance is below, with the gradient of the variance.
    const Tensor bounded =
        where(variance < o.epsilon, variance - detach(variance) + o.epsilon, variance);
    const Tensor losses = (log(bounded) + squared_error(input, target) / bounded) * 0.5;
    return reduced(o.full ? losses + 0.5 * std::log(2 * std::numbers::pi) : losses, o.reduction);
}

Tensor kl_div(const Tensor& input, const Tensor& target, const KlDivOptions& o) {
    check_same_shape("kl_div", input, target);
    if (o.log_target) return reduced(mul_no_nan(exp(target), target - input), o.reduction);
    const Tensor is_zero = eq(target, 0.0);
    const Tensor p = where(is_zero, ones_like(target), target);
    return reduced(where(is_zero, zeros_like(target), p * (log(p) - input)), o.reduction);
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, std::int64_t dim, double epsilon) {
    check(a.defined() && b.defined(), "cosine_similarity", "an input is an undefined tensor");
    check(epsilon > 0, "cosine_similarity", "epsilon must be positive; got ", epsilon);
    const Dims along{normalize_dim(dim, std::max(a.rank(), b.rank()), "cosine_similarity")};
    const auto unit = [&](const Tensor& x) {
        return x / clamp(norm(x, 2, along, true), {.lo = epsilon});
    };
    const Shape shape = broadcast_shapes(a.shape(), b.shape(), "cosine_similarity");
    return sum(unit(expand(a, shape)) * unit(expand(b, shape)), along);
}

Tensor kl_normal(const Tensor& mu_q, const Tensor& log_var_q, const Tensor& mu_p,
                 const Tensor& log_var_p) {
    return kl_standard_normal((mu_q - mu_p) * exp(-0.5 * log_var_p), log_var_q - log_var_p);
}

}  // namespace eps::nn
