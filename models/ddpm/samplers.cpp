// The steps of each sampler, from time t to time s < t.
#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "tensor/names.h"
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {
namespace {

/// x_s ~ p_theta(x_s | x_t) = N(mu-tilde(x_t, x_0), sigma^2 I): Algorithm 2 of Ho et al. 2020, also
/// with strides.
class Ancestral final : public Sampler {
public:
    Ancestral(const Schedule& schedule, const SamplerOptions& options)
        : Sampler(schedule, options), variance_(variance(options.variance)) {}

private:
    Tensor step(const PredictedState& now, const PredictedState*, double s, const Predict&,
                SampleNoise& noise) const override {
        const Coefficients c = schedule().between(now.t, s);
        const Tensor mean = posterior_mean(c, now.x0, now.x), z = noise.normal_like(now.x);
        if (variance_ != Variance::learned) {
            const Tensor sigma =
                sqrt(variance_ == Variance::beta ? c.beta : c.posterior_variance());
            return mean + z * sigma.item();
        }
        check(now.v.defined(), "ddpm",
              "the model has not learned its variances; expected another variance");
        return mean + sqrt(learned_variance(c.beta, c.posterior_variance(), now.v)) * z;
    }

    Variance variance_;
};

/// x_s = sqrt(ab_s) x_0 + sqrt(1 - ab_s - sigma^2) eps + sigma z,
/// sigma = eta sqrt((1 - ab_s) / (1 - ab_t)) sqrt(1 - ab_t / ab_s), ab = alpha_bar
/// Source: Song et al. 2021, eq. 12 and 16.
class Ddim final : public Sampler {
public:
    Ddim(const Schedule& schedule, const SamplerOptions& options)
        : Sampler(schedule, options), eta_(options.eta) {
        check(eta_ >= 0 && eta_ <= 1, "ddpm", "eta leaves [0, 1]; got ", eta_);
    }

private:
    Tensor step(const PredictedState& now, const PredictedState*, double s, const Predict&,
                SampleNoise& noise) const override {
        if (eta_ == 0) return ddim_step(schedule(), now, s);
        const double signal = schedule().alpha_bar_at(s), rest = schedule().noise_variance_at(s);
        const double sigma =
            eta_ * std::sqrt(schedule().between(now.t, s).posterior_variance().item());
        return now.x0 * std::sqrt(signal) + now.noise * std::sqrt(rest - sigma * sigma) +
               noise.normal_like(now.x) * sigma;
    }

    double eta_;
};

/// The probability-flow ODE in the time u = log alpha_bar = -integral of beta:
///     dx/du = (x + grad log q(x)) / 2,  grad log q(x) = -eps / sqrt(1 - alpha_bar)
/// Source: Song et al. 2021b, eq. 13.
class Ode : public Sampler {
public:
    Ode(const Schedule& schedule, const SamplerOptions& options) : Sampler(schedule, options) {
        check(schedule.alpha_bar_at(times().front()) > 0, "ddpm", options.name,
              " cannot start where alpha_bar_T = 0; hint: ddim and dpm++ can");
    }

protected:
    Tensor velocity(const PredictedState& p) const {
        return (p.x - p.noise / std::sqrt(schedule().noise_variance_at(p.t))) * 0.5;
    }
    double stride(double t, double s) const {
        return std::log(schedule().alpha_bar_at(s) / schedule().alpha_bar_at(t));
    }
};

class Euler final : public Ode {
    using Ode::Ode;
    Tensor step(const PredictedState& now, const PredictedState*, double s, const Predict&,
                SampleNoise&) const override {
        return now.x + velocity(now) * stride(now.t, s);
    }
};

/// Heun's method: a step with the mean of the velocities at both ends, two predictions a step.
class Heun final : public Ode {
    using Ode::Ode;
    Tensor step(const PredictedState& now, const PredictedState*, double s, const Predict& predict,
                SampleNoise&) const override {
        const double du = stride(now.t, s);
        const Tensor k1 = velocity(now), k2 = velocity(predict(s, now.x + k1 * du));
        return now.x + (k1 + k2) * (0.5 * du);
    }
};

/// x_s = sigma_s / sigma_t x_t - alpha_s (e^-h - 1) D, h = lambda_s - lambda_t, where alpha =
/// sqrt(ab), sigma = sqrt(1 - ab), lambda = log(alpha / sigma), and D extrapolates x_0 from the
/// last two predictions to the middle of the stride.
/// Source: Lu et al. 2022 (DPM-Solver++ 2M), Algorithm 2.
class DpmPlusPlus final : public Sampler {
    using Sampler::Sampler;
    double lambda(double t) const {
        return 0.5 *
               (std::log(schedule().alpha_bar_at(t)) - std::log(schedule().noise_variance_at(t)));
    }
    Tensor step(const PredictedState& now, const PredictedState* before, double s, const Predict&,
                SampleNoise&) const override {
        const double signal = schedule().alpha_bar_at(s), h = lambda(s) - lambda(now.t);
        const double sigma_ratio =
            std::sqrt(schedule().noise_variance_at(s) / schedule().noise_variance_at(now.t));
        Tensor d = now.x0;
        if (before) {
            // r is infinite if the first time had no signal.
            const double r = (lambda(now.t) - lambda(before->t)) / h;
            d = d + (now.x0 - before->x0) * (1 / (2 * r));
        }
        return now.x * sigma_ratio - d * (std::sqrt(signal) * std::expm1(-h));
    }
};

template <class S>
std::unique_ptr<Sampler> make(const Schedule& schedule, const SamplerOptions& options) {
    return std::make_unique<S>(schedule, options);
}
struct Named {
    const char* name;
    std::unique_ptr<Sampler> (*make)(const Schedule&, const SamplerOptions&);
};
constexpr Named kSamplers[] = {{"ancestral", make<Ancestral>},
                               {"ddim", make<Ddim>},
                               {"euler", make<Euler>},
                               {"heun", make<Heun>},
                               {"dpm++", make<DpmPlusPlus>}};

}  // namespace

std::unique_ptr<Sampler> make_sampler(const Schedule& schedule, const SamplerOptions& options) {
    check(options.eta == 0 || options.name == "ddim", "ddpm", "eta belongs to ddim; got eta ",
          options.eta, " with sampler ", options.name);
    return by_name("ddpm", "sampler", kSamplers, options.name).make(schedule, options);
}

const std::vector<std::string>& sampler_names() {
    static const std::vector<std::string> names = names_in(kSamplers);
    return names;
}

}  // namespace eps::models::ddpm
