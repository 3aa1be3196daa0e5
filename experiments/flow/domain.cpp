#include "experiments/flow/domain.h"

#include <cmath>

namespace eps::models::flow {

void append(Scalars& scalars, const std::string& name, const Estimate& estimate) {
    scalars.emplace_back(name, estimate.mean());
    scalars.emplace_back(name + "_se", estimate.standard_error());
}

void LayerMeans::add(const std::vector<Tensor>& log_det) {
    of_layer_.resize(log_det.size());
    for (std::size_t k = 0; k < log_det.size(); ++k) of_layer_[k].add(log_det[k]);
}

void LayerMeans::append_to(Scalars& scalars) const {
    for (std::size_t k = 0; k < of_layer_.size(); ++k)
        scalars.emplace_back(str("log_det_", k + 1), of_layer_[k].mean());
}

void check_finite(const Scalars& scalars) {
    for (const auto& [name, value] : scalars)
        check(std::isfinite(value), "flow", name,
              " is not finite; hint: the run may have diverged: a lower --lr, or --grad-clip");
}

}  // namespace eps::models::flow
