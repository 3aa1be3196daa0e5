#pragma once
// Ways from noise to data, behind one interface. Each takes the model's prediction at the times of
// a grid T = t_1 > .. > t_S = 1, S <= T, and what it predicts of x_0 at the last of them is the
// sample.
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
    std::string name = "ancestral";  // --sampler: ancestral, ddim, euler, heun, dpm++
    std::int64_t steps = 0;          // S; 0: every t
    // of ancestral sampling, of process.h   (Ho et al. 2020, section 3.2)
    std::string variance = "beta";
    // of DDIM: 0 deterministic, 1 ancestral with beta-tilde   (Song et al. 2021, eq. 16)
    double eta = 0;
    bool clip_x0 = false;   // the x_0 of every step to [-1, 1], for images
    std::int64_t from = 0;  // t_1, where x_t of a smaller t than T is given; 0: T
    // of the times: "time", evenly and whole, or "log-snr", evenly in log alpha_bar / (1 -
    // alpha_bar), real, for solvers of the ODE; none: log-snr for dpm++, time for the others
    std::string spacing = {};
};

/// A state on the way and what the model says of it.
struct Point {
    double t;
    Tensor x, x0, noise;
    Tensor v;  // of learned variances
};

class Sampler {
public:
    Sampler(const Schedule& schedule, const SamplerOptions& options);
    virtual ~Sampler() = default;

    /// The times it visits, first to last.
    const std::vector<double>& times() const { return times_; }
    /// Sees x and the x_0 predicted from it at each time: progressive predictions.
    using Watch = std::function<void(double t, const Tensor& x, const Tensor& x0)>;
    /// What becomes of x once it stands at time s; s = 0 is the sample: see editing.h.
    using Constrain = std::function<Tensor(double s, const Tensor& x)>;
    /// x_T [B, ...] -> x_0. Records no gradients.
    Tensor sample(const Denoiser& denoiser, const Tensor& xT, SampleNoise& noise,
                  const Watch& watch = {}, const Constrain& constrain = {}) const;

protected:
    /// What the model says at (x, t).
    using Predict = std::function<Point(double t, const Tensor& x)>;
    /// x at time s from the state at t > s >= 1; `before` is the state at the time before t, if
    /// there was one.
    virtual Tensor step(const Point& now, const Point* before, double s, const Predict& predict,
                        SampleNoise& noise) const = 0;

    const Schedule& schedule() const { return schedule_; }

private:
    Schedule schedule_;
    std::vector<double> times_;
    bool clip_x0_;
};

/// Throws, saying what is allowed, on unknown names, on more steps than there are times, and on an
/// ODE in log alpha_bar where alpha_bar_T = 0.
std::unique_ptr<Sampler> make_sampler(const Schedule& schedule, const SamplerOptions& options);
const std::vector<std::string>& sampler_names();

/// What the denoiser says of a whole batch at time t. `clip`: x_0 to [-1, 1], and the noise that
/// goes with it.
Point look(const Schedule& schedule, const Denoiser& denoiser, double t, const Tensor& x,
           bool clip = false);
/// x at time s of the path without noise through a state: sqrt(alpha_bar_s) x_0 + sqrt(1 -
/// alpha_bar_s) noise   (Song et al. 2021, eq. 12, sigma = 0)
Tensor ddim_step(const Schedule& schedule, const Point& now, double s);
/// x_0 -> x_T by the same steps upwards, over the times of `ddim` with so many steps   (Song et al.
/// 2021, section 5.4)
Tensor ddim_invert(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                   std::int64_t steps);

}  // namespace eps::models::ddpm
