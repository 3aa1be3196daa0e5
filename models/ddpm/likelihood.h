#pragma once
// How probable data are: the bound with its terms, and the probability-flow ODE's exact value.
#include <vector>

#include "models/ddpm/objective.h"
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {

/// -log p(x_0) <= L_T + sum_{t > 1} L_{t-1} + L_0   (Ho et al. 2020, eq. 5), nats a sample.
struct Bound {
    Tensor l_T;                // [B]
    std::vector<Tensor> l_mid; // L_{t-1}, t = 2 .. T, each [B]
    Tensor l_0;                // [B]
    Tensor total() const;      // [B]
};
enum class Decoder { discretised, density };  // L_0 of 8-bit images in [-1, 1], or of real data

/// The bound by one draw of x_t a term. variance: "beta" or "beta-tilde", beta-tilde_1 = 0 replaced by beta_1 in L_0.
Bound variational_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0, const std::string& variance, Decoder decoder, Generator& generator);

/// log p_0(x_0) by dx/dt of the probability-flow ODE with Heun's steps -> [B]. Trace exact where probes = 0 (D gradients a step), otherwise
/// Hutchinson's with that many   (Song et al. 2021b, section 4.3; Grathwohl et al. 2019).
Tensor ode_log_likelihood(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0, std::int64_t steps, std::int64_t probes, Generator& generator);

}  // namespace eps::models::ddpm
