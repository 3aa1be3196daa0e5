#pragma once
// How much noise each step adds: beta_1 .. beta_T and what follows from them, in f64 whatever the model computes in. Time is the paper's, t = 1 .. T;
// alpha_bar(0) = 1 is the data.
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::ddpm {

class Schedule {
public:
    /// Throws, naming the step, unless every beta is in (0, 1); beta_T = 1, zero signal at the end, is allowed   (Lin et al. 2024).
    explicit Schedule(std::vector<double> betas);

    std::int64_t steps() const { return static_cast<std::int64_t>(beta_.size()) - 1; }  // T
    double beta(std::int64_t t) const { return beta_[index(t)]; }
    double alpha(std::int64_t t) const { return 1 - beta(t); }
    /// prod_{s <= t} alpha_s; 1 at t = 0   (Ho et al. 2020, eq. 4)
    double alpha_bar(std::int64_t t) const { return alpha_bar_[index(t)]; }
    /// beta-tilde_t, the variance of q(x_{t-1} | x_t, x_0); 0 at t = 1   (eq. 7)
    double posterior_variance(std::int64_t t) const;
    /// alpha_bar / (1 - alpha_bar): the ratio of signal to noise.
    double snr(std::int64_t t) const { return alpha_bar(t) / (1 - alpha_bar(t)); }

    /// alpha_bar_t for each t of i64 [B], shaped to broadcast against x [B, ...]: [B, 1, ..], of x's dtype, rounded last.
    Tensor alpha_bar(const Tensor& t, const Tensor& x) const;
    /// The same of any function of t.
    template <class Function> Tensor gather(const Tensor& t, const Tensor& x, const Function& f) const;

private:
    std::size_t index(std::int64_t t) const;  // throws unless 0 <= t <= T

    std::vector<double> beta_, alpha_bar_;  // [T + 1], beta_[0] = 0
};

/// linear (Ho et al. 2020: 1e-4 to 0.02 at T = 1000, scaled by 1000 / T for other T), quadratic, constant, cosine (Nichol & Dhariwal 2021, eq. 17),
/// sigmoid, and "zero-snr": linear, rescaled so that alpha_bar_T = 0 (Lin et al. 2024, Algorithm 1). Throws, listing them, on another name.
Schedule make_schedule(const std::string& name, std::int64_t steps);
const std::vector<std::string>& schedule_names();

}  // namespace eps::models::ddpm
