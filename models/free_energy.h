#pragma once
// The free energy of a latent-variable model whose approximate posterior may be shaped by a flow.
// It bounds the likelihood, F(x) >= -log p(x); the ELBO is -F. In nats, one value a sample.
//
//     F(x) = E_q(z|x)[ log q(z|x) - log p(x, z) ]                                       (1)
//          = E_q0[ ln q_K(z_K) - log p(x, z_K) ]                                        (2)
//          = E_q0[ ln q_0(z_0) ] - E_q0[ log p(x, z_K) ]
//            - E_q0[ sum_k ln |1 + u_k^T psi_k(z_{k-1})| ]                              (3)
//
// Line (3) holds for planar flows: models/flow/theory/planar_free_energy.h. Line (4) is (3) with
// log p(x, z_K) written out for a deep latent Gaussian model: models/flow/theory/dlgm.h.
// Source: Rezende & Mohamed 2015, section 4.2, eq. 15.
#include <functional>

#include "models/bijector.h"
#include "models/distributions/normal.h"

namespace eps::models {

/// log p(x, z) for a fixed batch x: z [.., B, D] -> [.., B]
using LogJoint = std::function<Tensor(const Tensor& z)>;

/// One draw from a posterior, with what the bounds need.
struct PosteriorSample {
    Tensor z0, z;    // z_0 and z_K [B, D]
    Tensor log_q0;   // ln q_0(z_0) [B]
    Tensor log_det;  // ln |det dz_K / dz_0| [B]
    /// ln q_K(z_K) = ln q_0(z_0) - log_det   (eq. 13)
    Tensor log_q() const;
};

/// q_K(z|x): z_0 ~ q_0 = N(mu(x), diag sigma^2(x)), then z_K = flow(z_0). A context [B, C] makes
/// the flow's parameters depend on x, too (amortised flows). The flow must outlive this.
/// Shapes: q0.mu and q0.log_var [B, D]
struct FlowPosterior {
    DiagonalNormal q0;
    Bijector* flow;
    Tensor context = {};

    /// A draw from standard normal noise [B, D].
    PosteriorSample sample_with(const Tensor& noise) const;
};

/// Line (1): log q(z|x) is the density at the given point, by the flow's inverse -> [B]
Tensor free_energy_at_point(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample);
/// Line (2), which is the loss to train on. A beta [] multiplies log p(x, z_K) (annealing, eq. 20)
/// -> [B]
Tensor free_energy(const LogJoint& log_joint, const PosteriorSample& sample,
                   const Tensor& beta = {});

/// beta_t = min(1, 0.01 + t / over), t = 0, 1, ..   (eq. 20)
double annealing(std::int64_t step, std::int64_t over = 10000);

/// log p(x, z_K) - ln q_K(z_K) for k samples -> [k, B]. vae::iwae_bound turns them into a bound
/// that tightens as k grows.
/// Source: Burda et al. 2016, eq. 8.
Tensor log_weights(const FlowPosterior& q, const LogJoint& log_joint, std::int64_t k,
                   Generator& generator);

}  // namespace eps::models
