#include "experiments/flow/problem.h"

namespace eps::models::flow {

void append(Scalars& scalars, const std::string& name, const Estimate& estimate) {
    scalars.emplace_back(name, estimate.mean());
    scalars.emplace_back(name + "_se", estimate.standard_error());
}

void LayerMeans::add(const std::vector<Tensor>& log_det) {
    layers_.resize(log_det.size());
    for (std::size_t k = 0; k < log_det.size(); ++k) layers_[k].add(log_det[k]);
}

void LayerMeans::append_to(Scalars& scalars) const {
    for (std::size_t k = 0; k < layers_.size(); ++k)
        scalars.emplace_back(str("log_det_", k + 1), layers_[k].mean());
}

}  // namespace eps::models::flow
