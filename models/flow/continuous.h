#pragma once
#include "models/bijector.h"
#include "models/flow/flow_matching.h"
#include "models/ode.h"

namespace eps::models::flow {

/// The solution of dx/dt = v(x, t) from noise at t = 0 to data at t = 1, as a bijector. log |det|
/// is the integral of the trace of dv/dx, which is exact and takes D gradients an evaluation.
/// Source: Chen et al. 2018, theorem 1.
class ContinuousFlow final : public Bijector {
public:
    explicit ContinuousFlow(std::unique_ptr<Velocity> velocity, const OdeOptions& options = {});
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& x, const Tensor& context = {}) override;
    std::string name() const override { return "continuous"; }

    Velocity& velocity() { return *velocity_; }
    OdeOptions options;
    /// Evaluations of v in the last call of transform, map or inverse.
    std::int64_t evaluations() const { return evaluations_; }

private:
    Transformed with_trace(const Tensor& z, double start, double end);
    std::unique_ptr<Velocity> velocity_;
    std::int64_t evaluations_ = 0;
};

}  // namespace eps::models::flow
