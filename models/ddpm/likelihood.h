#pragma once
// The likelihood of data: the variational bound with its terms, and the exact value by the
// probability-flow ODE. In nats, one value a sample: [B].
#include <vector>

#include "models/ddpm/objective.h"
#include "models/ddpm/sampler.h"

namespace eps::models::ddpm {

/// log p_theta(x_{0:T}) = log N(x_T; 0, I) + sum_t log p_theta(x_{t-1} | x_t) of a trajectory
/// x_0, .., x_T
/// Source: Ho et al. 2020, eq. 1.
Tensor reverse_log_prob(const Schedule& schedule, const Denoiser& denoiser,
                        const std::vector<Tensor>& trajectory, Variance variance);
/// log q(x_{1:T} | x_0) = sum_t log q(x_t | x_{t-1})   (eq. 2)
Tensor forward_log_prob(const Schedule& schedule, const std::vector<Tensor>& trajectory);
/// A trajectory x_0, .., x_T drawn from q. forward_log_prob - reverse_log_prob at it estimates the
/// bound without bias, with all the noise of the trajectory   (eq. 3)
std::vector<Tensor> draw_trajectory(const Schedule& schedule, const Tensor& x0,
                                    Generator& generator);

/// -log p(x_0) <= L_T + sum_{t > 1} L_{t-1} + L_0   (eq. 5).
struct Bound {
    Tensor l_T;                 // [B]
    std::vector<Tensor> l_mid;  // L_{t-1}, t = 2 .. T, each [B]
    Tensor l_0;                 // [B]
    Tensor total() const;       // [B]
};
/// From one draw of x_t for each term: T evaluations of the network. Records no gradients;
/// bound_term does.
Bound variational_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                        Variance variance, Decoder decoder, Generator& generator);
/// The expectation of that over the noise, for x0 f64 [B, 1], by Gauss-Hermite quadrature. It is
/// exact up to rounding if each term is a polynomial in the noise of degree below 2 `nodes`; for a
/// linear denoiser nodes = 2 suffice.
Bound expected_bound(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                     Variance variance, Decoder decoder, std::int64_t nodes);

/// Nodes and weights with E f(z) ~ sum_i weights[i] f(nodes[i]), z ~ N(0, 1): exact for polynomials
/// of degree below 2 count.
/// Source: Golub & Welsch 1969.
struct Quadrature {
    Tensor nodes, weights;  // f64 [count]
};
Quadrature gauss_hermite(std::int64_t count);

/// log p_0(x_0) by the probability-flow ODE, solved with Heun's method on `steps` times. With
/// probes = 0 the trace of the Jacobian is exact, which takes as many gradients a step as x_0 has
/// elements; otherwise it is Hutchinson's estimate with that many vectors of +-1. Records no
/// gradients.
/// Throws: where alpha_bar_T = 0.
/// Source: Song et al. 2021b, section 4.3; Grathwohl et al. 2019.
Tensor ode_log_likelihood(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                          std::int64_t steps, std::int64_t probes, Generator& generator);

}  // namespace eps::models::ddpm
