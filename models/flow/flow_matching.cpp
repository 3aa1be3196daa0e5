#include "models/flow/flow_matching.h"

#include <numbers>
#include <vector>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/bijector.h"
#include "nn/layers/activation.h"
#include "nn/layers/linear.h"

namespace eps::models::flow {
namespace {

constexpr std::int64_t kOctaves = 4;

// t, sin and cos of 2 pi 2^k t: [B] -> [B, 1 + 2 kOctaves]
Tensor features_of(const Tensor& t) {
    std::vector<Tensor> features{t};
    for (std::int64_t k = 0; k < kOctaves; ++k) {
        const Tensor angle = t * (2 * std::numbers::pi * static_cast<double>(std::int64_t{1} << k));
        features.push_back(sin(angle));
        features.push_back(cos(angle));
    }
    return stack(features, 1);
}

void check_pair(const char* op, const Tensor& x0, const Tensor& x1) {
    check(x0.defined() && x1.defined() && x0.rank() == 2 && x0.shape() == x1.shape() &&
              is_floating(x0.dtype()) && x0.dtype() == x1.dtype(),
          op, "needs noise and data [B, D] of one shape and floating dtype; got ", describe(x0),
          " and ", describe(x1));
}

}  // namespace

VelocityMlp::VelocityMlp(std::int64_t dim, std::int64_t width, std::int64_t hidden,
                         Generator& generator)
    : dim_(dim) {
    check(dim >= 1 && width >= 1 && hidden >= 1, "velocity", "needs positive numbers; got dim ",
          dim, ", width ", width, ", hidden layers ", hidden);
    const nn::LinearOptions options{.generator = &generator};
    for (std::int64_t i = 0; i < hidden; ++i)
        net_.add<nn::Linear>(i == 0 ? dim + 1 + 2 * kOctaves : width, width, options)
            .add<nn::SiLU>();
    net_.add<nn::Linear>(width, dim, options);
    add("net", net_);
}

Tensor VelocityMlp::operator()(const Tensor& x, const Tensor& t) {
    check_vectors("velocity", x, dim_);
    check(t.defined() && t.shape() == Shape{x.size(0)}, "velocity", "expected times [", x.size(0),
          "]; got ", describe(t));
    return net_(concat({x, features_of(t)}, 1));
}

Tensor flow_matching_loss(Velocity& velocity, const Tensor& x0, const Tensor& x1, const Tensor& t,
                          double sigma_min) {
    check_pair("flow_matching_loss", x0, x1);
    check(t.defined() && t.shape() == Shape{x0.size(0)}, "flow_matching_loss", "expected times [",
          x0.size(0), "]; got ", describe(t));
    check(sigma_min >= 0 && sigma_min < 1, "flow_matching_loss",
          "sigma_min must be in [0, 1); got ", sigma_min);
    const Tensor start = (1 - sigma_min) * x0, time = unsqueeze(t, 1);
    const Tensor x_t = x0 + time * (x1 - start);
    return mean(squared_error(velocity(x_t, t), x1 - start), {1});
}

}  // namespace eps::models::flow
