#pragma once
// The noise schedule beta_1 .. beta_T and the quantities that follow from it, in f64 whatever the
// model's dtype. Times are the paper's, t = 1 .. T, and alpha_bar(0) = 1 is the data. ODE solvers
// also evaluate between the steps, so alpha_bar is defined for real t.
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// The coefficients of one step: beta_t, alpha_bar_t and alpha_bar_{t-1}, and the noise variances
/// 1 - alpha_bar of both times, which have their digits where alpha_bar is nearly 1.
/// Shapes: f64 [B, 1, ..], or [] if the whole batch is at one time
struct Coefficients {
    Tensor beta, alpha_bar, previous_alpha_bar, noise_variance, previous_noise_variance;
    /// beta-tilde_t = (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t, the variance of
    /// q(x_{t-1} | x_t, x_0); 0 at t = 1   (Ho et al. 2020, eq. 7)
    Tensor posterior_variance() const;
};

class Schedule {
public:
    /// Throws: naming the step, unless every beta is in (0, 1). Only beta_T may be 1, which leaves
    /// no signal at the end (Lin et al. 2024).
    explicit Schedule(const std::vector<double>& betas);
    /// betas [T] may be computed from parameters: results of `at` for integer times are
    /// differentiable in them.
    explicit Schedule(const Tensor& betas);

    std::int64_t steps() const { return static_cast<std::int64_t>(betas_.size()) - 1; }  // T
    double beta(std::int64_t t) const { return betas_[index(t)]; }
    double alpha(std::int64_t t) const { return 1 - beta(t); }
    /// prod_{s <= t} alpha_s; 1 at t = 0   (Ho et al. 2020, eq. 4)
    double alpha_bar(std::int64_t t) const { return alpha_bars_[index(t)]; }
    /// 1 - alpha_bar_t = sum_{s <= t} alpha_bar_{s-1} beta_s, the variance of q(x_t | x_0). Summed
    /// up so, and not as a difference, it loses no digits at small t.
    double noise_variance(std::int64_t t) const { return noise_variances_[index(t)]; }
    /// beta-tilde_t; 0 at t = 1.
    double posterior_variance(std::int64_t t) const;
    /// The signal-to-noise ratio alpha_bar / (1 - alpha_bar).
    double snr(std::int64_t t) const { return alpha_bar(t) / noise_variance(t); }
    /// Its logarithm, which is the logit of alpha_bar.
    double log_snr(std::int64_t t) const;

    /// alpha_bar at real t in [0, T]. Its logit, the log signal-to-noise ratio, is linear between
    /// steps.
    double alpha_bar_at(double t) const;
    /// 1 - alpha_bar_at(t)
    double noise_variance_at(double t) const;
    /// The t in [1, T] at which alpha_bar has this logit, clamped to the ends.
    double time_of(double logit) const;

    /// The same schedule with its tables on a device, so that `at` need not copy them there.
    Schedule on(Device device) const;

    /// Coefficients for each t [B] in 1 .. T, shaped to broadcast against x [B, ...]. t is i64, or
    /// real, for which no gradients are recorded.
    Coefficients at(const Tensor& t, const Tensor& x) const;
    /// Coefficients for one time of the whole batch.
    Coefficients at(double t) const;
    /// Coefficients for a stride from t to s < t: beta is 1 - alpha_bar_t / alpha_bar_s, and
    /// alpha_bar_s replaces alpha_bar_{t-1}.
    Coefficients between(double t, double s) const;

private:
    std::size_t index(std::int64_t t) const;  // throws unless 0 <= t <= T

    struct Levels {
        double alpha_bar, noise_variance;
    };
    Levels levels_at(double t) const;

    Tensor beta_, alpha_bar_, noise_variance_;                  // f64 [T + 1], beta_0 = 0
    std::vector<double> betas_, alpha_bars_, noise_variances_;  // their values
};

/// A schedule by name:
///     linear              1e-4 to 0.02 at T = 1000, times 1000 / T for other T (Ho et al. 2020)
///     quadratic, sigmoid  other shapes over the same range
///     constant            0.01 at T = 1000, times 1000 / T
///     cosine              Nichol & Dhariwal 2021, eq. 17
///     zero-snr            linear, rescaled so that alpha_bar_T = 0 (Lin et al. 2024, Algorithm 1)
/// Throws: on another name, listing these; on steps < 1.
Schedule make_schedule(const std::string& name, std::int64_t steps);
const std::vector<std::string>& schedule_names();

}  // namespace eps::models::ddpm
