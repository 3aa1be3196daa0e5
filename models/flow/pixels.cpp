#include "models/flow/pixels.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/distributions/normal.h"
#include "models/per_sample.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

// log sigmoid'(z) = log sigmoid(z) + log sigmoid(-z)
Tensor log_sigmoid_derivative(const Tensor& z) { return log_sigmoid(z) + log_sigmoid(-z); }

void check_levels(const Tensor& x, std::int64_t levels) {
    check(levels >= 2, "dequantise", "needs at least two levels; got ", levels);
    check(x.defined() && is_floating(x.dtype()) && x.rank() >= 2, "dequantise",
          "expected floating pixels [B, ...]; got ", describe(x));
    if (x.device().is_cuda()) return;  // checking values would make the host wait
    const Tensor good =
        logical_and(logical_and(x >= 0.0, x < static_cast<double>(levels)), eq(x, floor(x)));
    check(all(good).item() != 0, "dequantise", "pixels must be integers 0 to ", levels - 1,
          "; hint: multiply by 255 if they are in [0, 1]");
}

}  // namespace

Logit::Logit(double alpha) : alpha_(alpha) {
    check(alpha > 0 && alpha < 0.5, "logit", "alpha must be in (0, 1/2); got ", alpha);
}

Transformed Logit::transform(const Tensor& z, const Tensor&) {
    const double range = 1 - 2 * alpha_;
    return {(sigmoid(z) - alpha_) / range,
            sum_per_sample(log_sigmoid_derivative(z) - std::log(range))};
}

Transformed Logit::inverse(const Tensor& x, const Tensor&) {
    const double range = 1 - 2 * alpha_, rim = alpha_ / range;
    const Tensor pixels = detach(x);
    check(x.device().is_cuda() || all(logical_and(pixels > -rim, pixels < 1 + rim)).item() != 0,
          "logit", "pixels must be in [0, 1]; hint: dequantise() divides by the number of levels");
    const Tensor p = alpha_ + range * x, z = log(p) - log1p(-p);
    return {z, sum_per_sample(std::log(range) - log_sigmoid_derivative(z))};
}

// u is a multiple of a step for which x + u is exact. Otherwise a sum with u close to 1 would round
// up to the next level.
Dequantised dequantise(const Tensor& x, std::int64_t levels, Generator& generator) {
    check_levels(x, levels);
    const double steps = (x.dtype() == f64 ? 0x1p53 : 0x1p24) /
                         std::exp2(std::ceil(std::log2(static_cast<double>(levels))));
    check(steps >= 2, "dequantise", "more levels than ", x.dtype(), " can represent; got ", levels);
    const Tensor u = floor(rand(x.shape(), x.options(), generator) * steps) / steps;
    return {(x + u) / static_cast<double>(levels), zero_log_det(x)};
}

VariationalDequantisation::VariationalDequantisation(std::unique_ptr<Bijector> flow,
                                                     std::int64_t levels)
    : flow_(std::move(flow)), levels_(levels) {
    check(flow_ != nullptr, "dequantise", "needs a flow");
    add("flow", *flow_);
}

Dequantised VariationalDequantisation::operator()(const Tensor& x, Generator& generator) {
    check_levels(x, levels_);
    const Tensor pixels = flatten(x, 1), noise = randn(pixels.shape(), x.options(), generator);
    const Transformed there = flow_->transform(noise, pixels / static_cast<double>(levels_));
    const Tensor log_q =
        standard_normal_log_prob(noise) - there.log_det - sum(log_sigmoid_derivative(there.z), {1});
    return {(x + reshape(sigmoid(there.z), x.shape())) / static_cast<double>(levels_), log_q};
}

}  // namespace eps::models::flow
