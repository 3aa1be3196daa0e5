#include "models/ddpm/process.h"

#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/names.h"

namespace eps::models::ddpm {
namespace {

// A coefficient in the dtype and on the device of x.
Tensor as(const Tensor& coefficient, const Tensor& x) {
    return to(to(coefficient, x.dtype()), x.device());
}

// The factors in mu-tilde = x0 x_0 + xt x_t.
struct MeanWeights {
    Tensor x0, xt;
    MeanWeights(const Coefficients& c, const Tensor& x)
        : x0(as(sqrt(c.previous_alpha_bar) * c.beta / c.noise_variance, x)),
          xt(as(sqrt(1.0 - c.beta) * c.previous_noise_variance / c.noise_variance, x)) {}
};

struct NamedPrediction {
    const char* name;
    Prediction value;
};
constexpr NamedPrediction kPredictions[] = {{"noise", Prediction::noise},
                                            {"x0", Prediction::x0},
                                            {"v", Prediction::v},
                                            {"mean", Prediction::mean}};

struct NamedVariance {
    const char* name;
    Variance value;
};
constexpr NamedVariance kVariances[] = {{"beta", Variance::beta},
                                        {"beta-tilde", Variance::beta_tilde},
                                        {"beta-tilde-clipped", Variance::beta_tilde_clipped},
                                        {"learned", Variance::learned}};

}  // namespace

Normal forward_step(const Schedule& schedule, const Tensor& previous, const Tensor& t) {
    const Coefficients c = schedule.at(t, previous);
    return {as(sqrt(1.0 - c.beta), previous) * previous, as(c.beta, previous)};
}

Normal forward(const Schedule& schedule, const Tensor& x0, const Tensor& t) {
    const Coefficients c = schedule.at(t, x0);
    return {as(sqrt(c.alpha_bar), x0) * x0, as(c.noise_variance, x0)};
}

Tensor diffuse(const Schedule& schedule, const Tensor& x0, const Tensor& t, const Tensor& noise) {
    const Coefficients c = schedule.at(t, x0);
    return as(sqrt(c.alpha_bar), x0) * x0 + as(sqrt(c.noise_variance), x0) * noise;
}

Normal posterior(const Schedule& schedule, const Tensor& xt, const Tensor& x0, const Tensor& t) {
    const Coefficients c = schedule.at(t, xt);
    return {posterior_mean(c, x0, xt), as(c.posterior_variance(), xt)};
}

Tensor posterior_mean(const Coefficients& c, const Tensor& x0, const Tensor& xt) {
    const MeanWeights w(c, xt);
    return w.x0 * x0 + w.xt * xt;
}

Prediction prediction(const std::string& name) {
    return by_name("ddpm", "prediction", kPredictions, name).value;
}
const std::vector<std::string>& prediction_names() {
    static const std::vector<std::string> names = names_in(kPredictions);
    return names;
}

Tensor to_x0(const Coefficients& c, Prediction kind, const Tensor& predicted, const Tensor& xt) {
    switch (kind) {
        case Prediction::x0: return predicted;
        case Prediction::noise:
            return (xt - as(sqrt(c.noise_variance), xt) * predicted) / as(sqrt(c.alpha_bar), xt);
        case Prediction::v:
            return as(sqrt(c.alpha_bar), xt) * xt - as(sqrt(c.noise_variance), xt) * predicted;
        case Prediction::mean: break;
    }
    const MeanWeights w(c, xt);
    return (predicted - w.xt * xt) / w.x0;
}

Tensor from_x0(const Coefficients& c, Prediction kind, const Tensor& x0, const Tensor& xt) {
    switch (kind) {
        case Prediction::x0: return x0;
        case Prediction::noise:
            return (xt - as(sqrt(c.alpha_bar), xt) * x0) / as(sqrt(c.noise_variance), xt);
        case Prediction::v:
            return (as(sqrt(c.alpha_bar), xt) * xt - x0) / as(sqrt(c.noise_variance), xt);
        case Prediction::mean: break;
    }
    return posterior_mean(c, x0, xt);
}

Tensor to_x0(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt,
             const Tensor& t) {
    return to_x0(schedule.at(t, xt), kind, predicted, xt);
}

Tensor convert(const Schedule& schedule, Prediction from, Prediction to, const Tensor& predicted,
               const Tensor& xt, const Tensor& t) {
    if (from == to) return predicted;
    const Coefficients c = schedule.at(t, xt);
    return from_x0(c, to, to_x0(c, from, predicted, xt), xt);
}

Variance variance(const std::string& name) {
    return by_name("ddpm", "variance", kVariances, name).value;
}
const std::vector<std::string>& variance_names() {
    static const std::vector<std::string> names = names_in(kVariances);
    return names;
}

Tensor learned_variance(const Tensor& beta, const Tensor& least, const Tensor& v) {
    const Tensor u = (v + 1.0) * 0.5, low = as(log(least), v), high = as(log(beta), v);
    return exp(low + u * (high - low));
}

Tensor reverse_variance(const Schedule& schedule, Variance kind, const Tensor& xt, const Tensor& t,
                        const Tensor& v) {
    const Coefficients c = schedule.at(t, xt);
    if (kind == Variance::beta) return as(c.beta, xt);
    if (kind == Variance::beta_tilde)
        return as(where(eq(c.previous_alpha_bar, 1.0), c.beta, c.posterior_variance()), xt);
    check(schedule.steps() >= 2, "ddpm",
          "beta-tilde_1 is replaced by beta-tilde_2, but the schedule has one step only");
    const Tensor clipped = schedule.at(clamp(t, {.lo = 2}), xt).posterior_variance();
    if (kind == Variance::beta_tilde_clipped) return as(clipped, xt);
    check(v.defined() && v.shape() == xt.shape(), "ddpm",
          "learned variances need a v for each element of ", describe(xt), "; got ", describe(v));
    return learned_variance(c.beta, clipped, v);
}

Normal reverse(const Schedule& schedule, Prediction kind, const Tensor& predicted, const Tensor& xt,
               const Tensor& t, Variance variance, const Tensor& v) {
    return {convert(schedule, kind, Prediction::mean, predicted, xt, t),
            reverse_variance(schedule, variance, xt, t, v)};
}

}  // namespace eps::models::ddpm
