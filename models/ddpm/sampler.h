#pragma once
// Ways from noise to data, behind one interface. Each takes the model's noise prediction at the times of a grid T = t_1 > .. > t_S >= 1, S <= T.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "models/ddpm/process.h"

namespace eps::models::ddpm {

/// eps_theta(x_t, t), or its conversion: x [B, ...], t f32 or f64 [B], which need not be whole for solvers of the ODE -> [B, ...].
using Denoiser = std::function<Tensor(const Tensor& x, const Tensor& t)>;

/// Independent noise for each sample of the batch, by its number: what it draws for sample n does not depend on which batch n is in.
class SampleNoise {
public:
    /// Samples first .. first + count - 1 of the stream `seed`.
    SampleNoise(std::uint64_t seed, std::int64_t first, std::int64_t count);
    /// N(0, I) -> [count, sample..]; the next draw of each sample's own stream.
    Tensor normal(const Shape& sample, Options options = {});

private:
    std::vector<Generator> generators_;  // one a sample
};

struct SamplerOptions {
    std::string name = "ancestral";  // --sampler: ancestral, ddim, euler, heun, dpm++
    std::int64_t steps = 0;          // S; 0: every t
    std::string variance = "beta";   // of ancestral sampling: beta, beta-tilde   (Ho et al. 2020, section 3.2)
    double eta = 0;                  // of DDIM: 0 deterministic, 1 ancestral   (Song et al. 2021, eq. 16)
    bool clip_x0 = false;            // the x_0 of every step to [-1, 1], for images
};

class Sampler {
public:
    virtual ~Sampler() = default;
    /// The times it visits, first to last.
    virtual std::vector<double> times() const = 0;
    /// x_T [B, ...] -> x_0. `watch`, if given, sees x and the x_0 predicted at each time.
    using Watch = std::function<void(double t, const Tensor& x, const Tensor& x0)>;
    virtual Tensor sample(const Denoiser& denoiser, const Tensor& xT, SampleNoise& noise, const Watch& watch = {}) const = 0;
};

/// Throws, saying what is allowed, on unknown names and on more steps than T.
std::unique_ptr<Sampler> make_sampler(const Schedule& schedule, const SamplerOptions& options);
const std::vector<std::string>& sampler_names();

/// x_0 -> x_T by DDIM's steps backwards, eta = 0   (Song et al. 2021, section 4.3)
Tensor ddim_invert(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0, std::int64_t steps);

}  // namespace eps::models::ddpm
