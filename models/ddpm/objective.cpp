#include "models/ddpm/objective.h"

#include <algorithm>
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/per_sample.h"
#include "tensor/names.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

constexpr double kHybrid = 1e-3;  // lambda of Nichol & Dhariwal 2021
constexpr double kHalfBin = 1.0 / 255;
// In standard deviations: the normal's mass beyond is 0, but its logarithm is finite.
constexpr double kFarTail = 1e9;

}  // namespace

Tensor simple_loss(const Tensor& predicted, const Tensor& target) {
    return mean_per_sample(squared_error(predicted, target));
}

double bound_weight(const Schedule& schedule, std::int64_t t, bool posterior_variance) {
    const double beta = schedule.beta(t);
    const double variance = posterior_variance ? schedule.posterior_variance(t) : beta;
    return beta * beta / (2 * variance * schedule.alpha(t) * schedule.noise_variance(t));
}

double min_snr_weight(const Schedule& schedule, std::int64_t t, double gamma, Prediction kind) {
    const double snr = schedule.snr(t), clipped = std::min(snr, gamma);
    switch (kind) {
        // clipped / snr, in a form that stays finite without signal
        case Prediction::noise: return std::min(1.0, gamma / snr);
        case Prediction::x0: return clipped;
        case Prediction::v: return clipped / (snr + 1);
        case Prediction::mean: break;
    }
    fail("ddpm", "min-snr weights the loss of noise, x0 or v; got mean");
}

Tensor discretised_log_prob(const Tensor& x0, const Normal& p) {
    const Tensor deviation = sqrt(p.variance), from_mean = x0 - p.mean;
    const Tensor far = full({}, kFarTail, x0.options());
    const Tensor below = where(x0 < kHalfBin - 1, -far, (from_mean - kHalfBin) / deviation);
    const Tensor above = where(x0 > 1 - kHalfBin, far, (from_mean + kHalfBin) / deviation);
    // log(Phi(above) - Phi(below)), mirrored to the side of the mean where Phi is small and its
    // logarithm keeps its digits.
    const Tensor right = below + above > 0.0;
    const Tensor low = log_ndtr(where(right, -above, below));
    const Tensor high = log_ndtr(where(right, -below, above));
    return sum_per_sample(high + log(-expm1(low - high)));
}

Tensor bound_prior(const Schedule& schedule, const Tensor& x0) {
    const Tensor T = full({x0.size(0)}, static_cast<double>(schedule.steps()), {i64, x0.device()});
    return kl(forward(schedule, x0, T), Normal::standard(x0));
}

Tensor bound_term(const Schedule& schedule, const Normal& p, const Tensor& x0, const Tensor& xt,
                  const Tensor& t, Decoder decoder) {
    const Tensor log_prob =
        decoder == Decoder::discretised ? discretised_log_prob(x0, p) : p.log_prob(x0);
    // At t = 1, q(x_0 | x_1, x_0) is a point mass. Another variance there keeps the KL, which is
    // not selected, finite.
    const Normal q{posterior(schedule, xt, x0, t).mean,
                   reverse_variance(schedule, Variance::beta_tilde, xt, t)};
    return where(eq(t, 1.0), -log_prob, kl(q, p));
}

namespace {

// One evaluation of the denoiser in training, from which each loss is computed.
struct Evaluation {
    const Schedule& schedule;
    const Denoiser& denoiser;
    const Tensor &x0, &xt, &t;
    const Tensor& target;  // what the network predicts
    Denoiser::Output out;
    const LossOptions& options;

    Tensor simple() const { return simple_loss(out.predicted, target); }
    Tensor bound(const Tensor& predicted) const {
        const Normal p =
            reverse(schedule, denoiser.kind(), predicted, xt, t, options.variance, out.v);
        const double elements = static_cast<double>(x0.numel()) / static_cast<double>(x0.size(0));
        return bound_term(schedule, p, x0, xt, t, options.decoder) *
               (static_cast<double>(schedule.steps()) / elements);
    }
};

Tensor simple_of(const Evaluation& m) { return m.simple(); }
Tensor bound_of(const Evaluation& m) { return m.bound(m.out.predicted); }
Tensor hybrid_of(const Evaluation& m) {
    check(m.options.variance == Variance::learned && m.denoiser.learned_variance(), "ddpm",
          "hybrid trains variances: it needs a network that learns them");
    return m.simple() + kHybrid * m.bound(detach(m.out.predicted));
}
// min_snr_weight for each t, on the device of t.
Tensor min_snr_of(const Evaluation& m) {
    const Tensor bar = reshape(m.schedule.at(m.t, m.x0).alpha_bar, {m.t.numel()});
    const Tensor snr = bar / (1.0 - bar);
    const Tensor clipped = clamp(snr, {.hi = m.options.gamma});
    const auto weight = [&] {
        switch (m.denoiser.kind()) {
            case Prediction::noise: return clamp(m.options.gamma / snr, {.hi = 1});
            case Prediction::x0: return clipped;
            case Prediction::v: return clipped / (snr + 1.0);
            case Prediction::mean: break;
        }
        // which throws
        return full_like(snr, min_snr_weight(m.schedule, 1, m.options.gamma, m.denoiser.kind()));
    };
    return to(weight(), m.x0.dtype()) * m.simple();
}

struct Named {
    const char* name;
    Tensor (*of)(const Evaluation& evaluation);
};
constexpr Named kLosses[] = {
    {"simple", simple_of}, {"min-snr", min_snr_of}, {"bound", bound_of}, {"hybrid", hybrid_of}};

}  // namespace

Tensor training_loss(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                     const Tensor& t, const Tensor& noise, const LossOptions& options) {
    const Named& loss = by_name("ddpm", "loss", kLosses, options.name);
    const Tensor xt = diffuse(schedule, x0, t, noise);
    const Tensor target = denoiser.kind() == Prediction::noise
                              ? noise
                              : from_x0(schedule.at(t, xt), denoiser.kind(), x0, xt);
    return loss.of({schedule, denoiser, x0, xt, t, target, denoiser(xt, t), options});
}

const std::vector<std::string>& loss_names() {
    static const std::vector<std::string> names = names_in(kLosses);
    return names;
}

}  // namespace eps::models::ddpm
