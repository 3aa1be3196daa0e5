#pragma once
// Continuous flows: dx/dt = v(x, t) carries noise at t = 0 to data at t = 1, and v is learned by regression, without solving it   (Lipman et al. 2023).
#include "models/flow/bijector.h"
#include "models/ode.h"
#include "nn/sequential.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// v(x, t): points [B, D], times [B] in [0, 1] -> [B, D]
class Velocity : public nn::Module {
public:
    virtual Tensor operator()(const Tensor& x, const Tensor& t) = 0;
};

/// A multilayer perceptron of x beside t and sines and cosines of it, smooth, for the Jacobian is asked for: `hidden` layers with SiLU.
class VelocityMlp final : public Velocity {
public:
    VelocityMlp(std::int64_t dim, std::int64_t width, std::int64_t hidden, Generator& generator);
    Tensor operator()(const Tensor& x, const Tensor& t) override;

private:
    std::int64_t dim_;
    nn::Sequential net_;
};

/// |v(x_t, t) - u|^2 / D [B], x_t = (1 - (1 - sigma_min) t) x0 + t x1, u = x1 - (1 - sigma_min) x0, of noise x0 and data x1 [B, D], t [B]   (eq. 22, 23)
Tensor flow_matching_loss(Velocity& velocity, const Tensor& x0, const Tensor& x1, const Tensor& t, double sigma_min = 0);

/// Which x0 goes to which x1, [B, D] each, so that sum |x0[order[i]] - x1[i]|^2 is least -> order i64 [B]: optimal transport within the batch, with which
/// paths cross less and sampling needs fewer steps (Tong et al. 2024; Pooladian et al. 2023). Exact, by shortest augmenting paths in O(B^3) on the
/// CPU (Jonker & Volgenant 1987): batches of up to some hundreds.
Tensor transport_order(const Tensor& x0, const Tensor& x1);

/// The flow of a velocity as a bijector: transform leads from noise (t = 0) to data (t = 1), log |det| = integral of the exact trace of dv/dx, D gradients
/// an evaluation   (Chen et al. 2018, theorem 1). The velocity is owned.
class ContinuousFlow final : public Bijector {
public:
    explicit ContinuousFlow(std::unique_ptr<Velocity> velocity, const OdeOptions& options = {});
    Mapped transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Mapped inverse(const Tensor& x, const Tensor& context = {}) override;
    std::string name() const override { return "continuous"; }

    Velocity& velocity() { return *velocity_; }
    OdeOptions options;
    /// How often v was evaluated by the last of transform, map and inverse.
    std::int64_t evaluations() const { return evaluations_; }

private:
    Mapped with_trace(const Tensor& z, double start, double end);
    std::unique_ptr<Velocity> velocity_;
    std::int64_t evaluations_ = 0;
};

}  // namespace eps::models::flow
