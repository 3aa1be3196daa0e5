#pragma once
// How much noise each step adds: beta_1 .. beta_T and what follows from them, in f64 whatever the
// model computes in. Time is the paper's, t = 1 .. T; alpha_bar(0) = 1 is the data. Solvers of the
// ODE stand between the steps, too, so that alpha_bar has a value at real t.
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// What the formulas of a step need: beta_t, alpha_bar_t and alpha_bar_{t-1}, f64. Of a batch [B,
/// 1, ..], or of rank 0 where all of it stands at one time.
struct Coefficients {
    Tensor beta, alpha_bar, previous_alpha_bar;
    /// beta-tilde_t = (1 - alpha_bar_{t-1}) / (1 - alpha_bar_t) beta_t, the variance of q(x_{t-1} |
    /// x_t, x_0); 0 at t = 1   (Ho et al. 2020, eq. 7)
    Tensor posterior_variance() const;
};

class Schedule {
public:
    /// Throws, naming the step, unless every beta is in (0, 1); beta_T = 1, no signal at the end,
    /// is allowed   (Lin et al. 2024).
    explicit Schedule(const std::vector<double>& betas);
    /// betas [T], which may be computed from parameters: whatever reads the schedule through `at`
    /// with whole times is differentiable in them.
    explicit Schedule(const Tensor& betas);

    std::int64_t steps() const { return static_cast<std::int64_t>(betas_.size()) - 1; }  // T
    double beta(std::int64_t t) const { return betas_[index(t)]; }
    double alpha(std::int64_t t) const { return 1 - beta(t); }
    /// prod_{s <= t} alpha_s; 1 at t = 0   (Ho et al. 2020, eq. 4)
    double alpha_bar(std::int64_t t) const { return alpha_bars_[index(t)]; }
    /// beta-tilde_t; 0 at t = 1.
    double posterior_variance(std::int64_t t) const;
    /// alpha_bar / (1 - alpha_bar): the ratio of signal to noise.
    double snr(std::int64_t t) const { return alpha_bar(t) / (1 - alpha_bar(t)); }

    /// alpha_bar at real t in [0, T]: its logit, the logarithm of the ratio of signal to noise, is
    /// linear between steps.
    double alpha_bar_at(double t) const;
    /// The t in [1, T] at which alpha_bar's logit is this; the nearer end beyond them.
    double time_of(double logit) const;

    /// The same with its tables on a device, so that `at` need not bring them there.
    Schedule on(Device device) const;

    /// Of each t [B], 1 .. T, i64 or, without gradients, real: to broadcast against x [B, ...].
    Coefficients at(const Tensor& t, const Tensor& x) const;
    /// Of one time for the whole batch.
    Coefficients at(double t) const;
    /// Of a longer stride, from t to s < t: beta = 1 - alpha_bar_t / alpha_bar_s takes the place of
    /// beta_t, alpha_bar_s that of alpha_bar_{t-1}.
    Coefficients between(double t, double s) const;

private:
    std::size_t index(std::int64_t t) const;  // throws unless 0 <= t <= T

    Tensor beta_, alpha_bar_;                 // f64 [T + 1], beta_0 = 0
    std::vector<double> betas_, alpha_bars_;  // their values
};

/// linear (Ho et al. 2020: 1e-4 to 0.02 at T = 1000, times 1000 / T for other T), quadratic,
/// constant (0.01) and sigmoid over the same range, cosine (Nichol & Dhariwal 2021, eq. 17), and
/// zero-snr: linear, rescaled so that alpha_bar_T = 0 (Lin et al. 2024, Algorithm 1). Throws,
/// listing them, on another name.
Schedule make_schedule(const std::string& name, std::int64_t steps);
const std::vector<std::string>& schedule_names();

}  // namespace eps::models::ddpm
