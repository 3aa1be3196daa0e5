#pragma once
// The free energy of a model whose posterior is approximated by a flow: F(x) = -(a lower bound of
// log p(x)). In nats, one value a sample: [B].
//
//     F(x) = E_q(z|x)[ log q(z|x) - log p(x, z) ] (1)
//          = E_q0[ ln q_K(z_K) - log p(x, z_K) ] (2) = E_q0[ ln q_0(z_0) ] - E_q0[ log p(x, z_K) ]
//          - E_q0[ sum_k ln |1 + u_k^T psi_k(z_{k-1})| ]             (3)   (Rezende & Mohamed 2015,
//          eq. 15)
//
// and (4), which is (3) with log p(x, z_K) written out for a deep latent Gaussian model:
// models/flow/theory/dlgm.h.
#include <functional>

#include "models/flow/bijector.h"
#include "models/vae/objective.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// log p(x, z) of the x at hand: z [.., B, D] -> [.., B]
using LogJoint = std::function<Tensor(const Tensor& z)>;

/// q_K(z|x): z_0 ~ q_0 = N(mu(x), diag sigma^2(x)), [B, D] each, then a flow that may be told a
/// context [B, C]: amortised parameters. The flow must outlive this.
struct FlowPosterior {
    vae::DiagonalNormal q0;
    Bijector* flow;
    Tensor context = {};
};

/// z_0 and z_K [B, D], ln q_0(z_0) and ln |det dz_K/dz_0| [B].
struct PosteriorSample {
    Tensor z0, z, log_q0, log_det;
    Tensor log_q() const;  // ln q_K(z_K) = ln q_0(z_0) - log_det, eq. 13
};
/// noise [B, D] standard normal.
PosteriorSample sample_with(const FlowPosterior& q, const Tensor& noise);

/// Line (1): log q(z|x) is the density of the given point, by the inverse of the flow.
Tensor free_energy_at_point(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample);
/// Line (2), or, with a beta [] on log p(x, z_K), the bound that is annealed (eq. 20). This is what
/// trains.
Tensor free_energy(const LogJoint& log_joint, const PosteriorSample& sample,
                   const Tensor& beta = {});
/// Line (3) as it is written, for planar flows: psi_k(z_{k-1}) = h'(w_k^T z_{k-1} + b_k) w_k, each
/// layer at its input. Throws on another kind of layer.
Tensor free_energy_by_terms(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample);
/// sum_k ln |1 + u_k^T psi_k(z_{k-1})| of a composition of planar flows, literally -> [B]
Tensor planar_log_det_literally(Composition& flow, const Tensor& z0, const Tensor& context = {});

/// beta_t = min(1, 0.01 + t / over), t = 0, 1, ..   (eq. 20)
double annealing(std::int64_t step, std::int64_t over = 10000);
/// E ln q_0 = -1/2 sum_d (1 + ln 2 pi + 2 ln sigma_d), minus the entropy of the noise, in closed
/// form -> [B]
Tensor expected_log_q0(const vae::DiagonalNormal& q0);

/// log p(x, z_K) - ln q_K(z_K) of k samples -> [k, B]: vae::iwae_bound makes a bound of them that
/// tightens with k   (Burda et al. 2016, eq. 8)
Tensor log_weights(const FlowPosterior& q, const LogJoint& log_joint, std::int64_t k,
                   Generator& generator);

}  // namespace eps::models::flow
