#pragma once
// Flow matching: the velocity v of a continuous flow dx/dt = v(x, t), from noise at t = 0 to data
// at t = 1, is learned by regression, without solving the equation (Lipman et al. 2023).
#include "nn/sequential.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::flow {

/// v(x, t)
/// Shapes: x [B, D], t [B] in [0, 1] -> [B, D]
class Velocity : public nn::Module {
public:
    virtual Tensor operator()(const Tensor& x, const Tensor& t) = 0;
};

/// A multilayer perceptron of x, t, and sines and cosines of t. Its `hidden` layers use SiLU, which
/// is smooth, because ContinuousFlow needs the Jacobian.
class VelocityMlp final : public Velocity {
public:
    VelocityMlp(std::int64_t dim, std::int64_t width, std::int64_t hidden, Generator& generator);
    Tensor operator()(const Tensor& x, const Tensor& t) override;

private:
    std::int64_t dim_;
    nn::Sequential net_;
};

/// |v(x_t, t) - u|^2 / D for noise x0 and data x1, at
///     x_t = (1 - (1 - sigma_min) t) x0 + t x1,  u = x1 - (1 - sigma_min) x0.   (eq. 22 and 23)
/// The pairs may be matched by transport_order() first.
/// Shapes: x0, x1 [B, D], t [B] -> [B]
/// Throws: on other shapes; unless 0 <= sigma_min < 1.
Tensor flow_matching_loss(Velocity& velocity, const Tensor& x0, const Tensor& x1, const Tensor& t,
                          double sigma_min = 0);

}  // namespace eps::models::flow
