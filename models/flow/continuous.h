#pragma once
#include "models/bijector.h"
#include "models/flow/flow_matching.h"
#include "models/ode.h"

namespace eps::models::flow {

/// dx/dt = v(x, t) as a bijector: transform leads from noise (t = 0) to data (t = 1); log |det| =
/// integral of the trace of dv/dx, exact, by D gradients an evaluation   (Chen et al. 2018, theorem
/// 1)
class ContinuousFlow final : public Bijector {
public:
    explicit ContinuousFlow(std::unique_ptr<Velocity> velocity, const OdeOptions& options = {});
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& x, const Tensor& context = {}) override;
    std::string name() const override { return "continuous"; }

    Velocity& velocity() { return *velocity_; }
    OdeOptions options;
    /// How often v was evaluated by the last of transform, map and inverse.
    std::int64_t evaluations() const { return evaluations_; }

private:
    Transformed with_trace(const Tensor& z, double start, double end);
    std::unique_ptr<Velocity> velocity_;
    std::int64_t evaluations_ = 0;
};

}  // namespace eps::models::flow
