#pragma once
// Line (3) of models/free_energy.h: the free energy with the log-determinants of planar flows
// written out as the paper prints them. Nothing trains on it; tests hold it against the others.
#include "models/free_energy.h"

namespace eps::models::flow {

/// sum_k ln |1 + u_k^T psi_k(z_{k-1})|, psi_k(z) = h'(w_k^T z + b_k) w_k, each layer at its input
/// -> [B]
/// Throws: on a layer that is not planar.
/// Source: Rezende & Mohamed 2015, eq. 11 to 13.
Tensor planar_log_det_literally(Composition& flow, const Tensor& z0, const Tensor& context = {});

/// Line (3) -> [B]
/// Throws: unless the flow is a composition of planar flows.
Tensor free_energy_by_terms(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample);

}  // namespace eps::models::flow
