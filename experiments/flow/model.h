#pragma once
// The flow of a run with its base distribution, and its densities layer by layer.
#include <memory>
#include <vector>

#include "experiments/flow/options.h"
#include "models/flow/continuous.h"
#include "models/flow/distribution.h"

namespace eps::models::flow {

/// It takes and makes points [B, D] in the units of the flow.
struct Model {
    std::unique_ptr<FlowDistribution> q;
    Composition* layers = nullptr;         // null in a continuous flow
    ContinuousFlow* continuous = nullptr;  // null in others
};
Model make_model(const Settings& settings, Generator& generator);

/// The states z_0, z_1, ... between the base [B, D] and the data: after each layer, or at equally
/// spaced times of a continuous flow. There are `most` of them at most; the last one is f(z_0).
std::vector<Tensor> trajectory(Model& model, const Tensor& z0, std::int64_t most);

/// log q_K(x), and log |det df_k/dz_{k-1}| of each layer, [B] each. A continuous flow is one layer.
struct LayerDensities {
    Tensor log_prob;
    std::vector<Tensor> log_det;
};
/// Computes them from x back to the base.
LayerDensities densities_at(Model& model, const Tensor& x);

/// Samples with their densities, computed from the base to the data.
struct LayerDraw {
    Tensor z;
    LayerDensities densities;
};
LayerDraw draw_with_densities(Model& model, std::int64_t count, Generator& generator);

}  // namespace eps::models::flow
