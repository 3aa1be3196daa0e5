#pragma once
// The flow of a run, with its base distribution.
#include <memory>
#include <vector>

#include "models/flow/distribution.h"
#include "models/flow/continuous.h"
#include "experiments/flow/options.h"

namespace eps::models::flow {

/// Points [B, D] in the units of the flow.
struct Model {
    std::unique_ptr<FlowDistribution> q;
    Composition* layers = nullptr;         // null in a continuous flow
    ContinuousFlow* continuous = nullptr;  // null in others
};
Model make_model(const Settings& settings, Generator& generator);

/// z_0, z_1, .. on their way from the base [B, D] to the data: after each layer, or at equal
/// distances of time; not more than `most`, the last of them f(z_0).
std::vector<Tensor> on_the_way(Model& model, const Tensor& z0, std::int64_t most);

/// log q_K(x), and log |det df_k/dz_{k-1}| of each layer on the way back from x, [B] each; of a
/// continuous flow one.
struct LayerDensities {
    Tensor log_prob;
    std::vector<Tensor> log_det;
};
LayerDensities densities_at(Model& model, const Tensor& x);
/// The same of drawn samples, by the way there.
struct LayerDraw {
    Tensor z;
    LayerDensities of;
};
LayerDraw draw_with_densities(Model& model, std::int64_t count, Generator& generator);

}  // namespace eps::models::flow
