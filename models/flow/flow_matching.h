#pragma once
// Continuous flows: dx/dt = v(x, t) carries noise at t = 0 to data at t = 1, and v is learned by
// regression, without solving it   (Lipman et al. 2023).
#include "nn/sequential.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::flow {

/// v(x, t): points [B, D], times [B] in [0, 1] -> [B, D]
class Velocity : public nn::Module {
public:
    virtual Tensor operator()(const Tensor& x, const Tensor& t) = 0;
};

/// A multilayer perceptron of x beside t and sines and cosines of it, smooth, for the Jacobian is
/// asked for: `hidden` layers with SiLU.
class VelocityMlp final : public Velocity {
public:
    VelocityMlp(std::int64_t dim, std::int64_t width, std::int64_t hidden, Generator& generator);
    Tensor operator()(const Tensor& x, const Tensor& t) override;

private:
    std::int64_t dim_;
    nn::Sequential net_;
};

/// |v(x_t, t) - u|^2 / D [B], x_t = (1 - (1 - sigma_min) t) x0 + t x1, u = x1 - (1 - sigma_min) x0,
/// of noise x0 and data x1 [B, D], t [B]   (eq. 22 and 23). Pairs may be matched first:
/// transport.h.
Tensor flow_matching_loss(Velocity& velocity, const Tensor& x0, const Tensor& x1, const Tensor& t,
                          double sigma_min = 0);

}  // namespace eps::models::flow
