#pragma once
// Samplers, from noise to data, behind one interface. Each evaluates the model at the times of a
// grid T = t_1 > .. > t_S = 1, S <= T; the x_0 predicted at the last of them is the sample.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/ddpm/denoiser.h"
#include "models/ddpm/sample_noise.h"

namespace eps::models::ddpm {

struct SamplerOptions {
    std::string name = "ancestral";  // ancestral, ddim, euler, heun or dpm++
    std::int64_t steps = 0;          // S; 0: every t
    std::string variance = "beta";   // for ancestral, a name of process.h
    /// For ddim: 0 is deterministic, 1 is ancestral with beta-tilde (Song et al. 2021, eq. 16).
    double eta = 0;
    bool clip_x0 = false;   // clamps the predicted x_0 to [-1, 1] at every step, for images
    std::int64_t from = 0;  // t_1, to start from an x_t other than x_T; 0: T
    /// Spacing of the times: "time" for evenly spaced integers, "log-snr" for real times that are
    /// even in log alpha_bar / (1 - alpha_bar) for ODE solvers. Empty: log-snr for dpm++, else time
    std::string spacing = {};
};

/// A state x at time t, with the model's prediction there as x_0 and as noise.
struct PredictedState {
    double t;
    Tensor x, x0, noise;
    Tensor v;  // with learned variances
};

class Sampler {
public:
    Sampler(const Schedule& schedule, const SamplerOptions& options);
    virtual ~Sampler() = default;

    /// t_1 .. t_S
    const std::vector<double>& times() const { return times_; }
    /// Called at each time with x and the x_0 predicted from it.
    using Observe = std::function<void(double t, const Tensor& x, const Tensor& x0)>;
    /// Replaces x after each step to time s; s = 0 is the sample. editing.h has one for inpainting.
    using Constrain = std::function<Tensor(double s, const Tensor& x)>;
    /// x_T [B, ...] -> x_0. Records no gradients.
    Tensor sample(const Denoiser& denoiser, const Tensor& xT, SampleNoise& noise,
                  const Observe& observe = {}, const Constrain& constrain = {}) const;

protected:
    using Predict = std::function<PredictedState(double t, const Tensor& x)>;
    /// x at time s, from the state `now` at t > s >= 1. `before` is the state one step earlier,
    /// null at the first step. Methods with several evaluations a step call `predict`.
    virtual Tensor step(const PredictedState& now, const PredictedState* before, double s,
                        const Predict& predict, SampleNoise& noise) const = 0;

    const Schedule& schedule() const { return schedule_; }

private:
    Schedule schedule_;
    std::vector<double> times_;
    bool clip_x0_;
};

/// Throws: on unknown names, on more steps than the schedule has, and on euler or heun where
/// alpha_bar_T = 0, with what is allowed.
std::unique_ptr<Sampler> make_sampler(const Schedule& schedule, const SamplerOptions& options);
const std::vector<std::string>& sampler_names();

/// The prediction for a whole batch at time t. `clip` clamps x_0 to [-1, 1], and the noise becomes
/// the one that belongs to the clamped x_0.
PredictedState predict(const Schedule& schedule, const Denoiser& denoiser, double t,
                       const Tensor& x, bool clip = false);
/// The deterministic DDIM step to time s: sqrt(alpha_bar_s) x_0 + sqrt(1 - alpha_bar_s) noise
/// Source: Song et al. 2021, eq. 12 with sigma = 0.
Tensor ddim_step(const Schedule& schedule, const PredictedState& now, double s);
/// x_0 -> x_T by DDIM steps upwards, over the times that `ddim` with so many steps uses.
/// Source: Song et al. 2021, section 5.4.
Tensor ddim_invert(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                   std::int64_t steps);

}  // namespace eps::models::ddpm
