#pragma once
// How probable data are: the bound with its terms, and the probability-flow ODE's exact value.
// Everything in nats, one value a sample: [B].
#include <vector>

#include "models/ddpm/objective.h"
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {

/// log p_theta(x_{0:T}) of x_0, .., x_T: log N(x_T; 0, I) + sum_t log p_theta(x_{t-1} | x_t)   (Ho
/// et al. 2020, eq. 1)
Tensor reverse_log_prob(const Schedule& schedule, const Denoiser& denoiser,
                        const std::vector<Tensor>& trajectory, Variance variance);
/// log q(x_{1:T} | x_0) = sum_t log q(x_t | x_{t-1})   (eq. 2)
Tensor forward_log_prob(const Schedule& schedule, const std::vector<Tensor>& trajectory);
/// x_0, .., x_T drawn from q: the difference of the two above estimates the bound, with all the
/// noise of the trajectory   (eq. 3)
std::vector<Tensor> draw_trajectory(const Schedule& schedule, const Tensor& x0,
                                    Generator& generator);

/// -log p(x_0) <= L_T + sum_{t > 1} L_{t-1} + L_0   (eq. 5).
struct Bound {
    Tensor l_T;                 // [B]
    std::vector<Tensor> l_mid;  // L_{t-1}, t = 2 .. T, each [B]
    Tensor l_0;                 // [B]
    Tensor total() const;       // [B]
};
/// By one draw of x_t a term: T evaluations of the network. Records no gradients; bound_term does.
Bound variational_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                        Variance variance, Decoder decoder, Generator& generator);
/// Its expectation over the noise of x0 [B, 1], by Gauss-Hermite quadrature: exact up to rounding
/// where each term is a polynomial in the noise of degree below 2 `nodes`, as it is with a linear
/// denoiser for nodes = 2.
Bound expected_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                     Variance variance, Decoder decoder, std::int64_t nodes);

/// E f(z), z ~ N(0, 1), is about sum_i weights[i] f(nodes[i]): exact for polynomials of degree
/// below 2 count   (Golub & Welsch 1969).
struct Quadrature {
    Tensor nodes, weights;  // f64 [count]
};
Quadrature gauss_hermite(std::int64_t count);

/// log p_0(x_0) by the probability-flow ODE with `steps` times and Heun's steps between them. The
/// trace of its Jacobian is exact where probes = 0 (as many gradients a step as x_0 has elements),
/// otherwise Hutchinson's with that many +-1 vectors   (Song et al. 2021b, section 4.3; Grathwohl
/// et al. 2019). Throws where alpha_bar_T = 0. Nobody's gradients are recorded.
Tensor ode_log_likelihood(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                          std::int64_t steps, std::int64_t probes, Generator& generator);

}  // namespace eps::models::ddpm
