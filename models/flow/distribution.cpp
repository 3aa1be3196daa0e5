#include "models/flow/distribution.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "nn/functional_call.h"
#include "tensor/create.h"

namespace eps::models::flow {

FlowDistribution::FlowDistribution(std::unique_ptr<Base> base, std::unique_ptr<Bijector> flow)
    : base_(std::move(base)), flow_(std::move(flow)) {
    check(base_ && flow_, "FlowDistribution", "needs a base and a flow");
    add("base", *base_);
    add("flow", *flow_);
}

Tensor FlowDistribution::log_prob(const Tensor& x, const Tensor& context) {
    const Transformed back = flow_->inverse(x, context);
    return base_->log_prob(back.z) + back.log_det;
}

Tensor FlowDistribution::sample(std::int64_t count, Generator& generator, const Tensor& context) {
    return flow_->map(base_->sample(count, generator), context);
}

Drawn FlowDistribution::sample_with_log_prob(std::int64_t count, Generator& generator,
                                             const Tensor& context) {
    const Tensor z = base_->sample(count, generator);
    const Transformed there = flow_->transform(z, context);
    return {there.z, base_->log_prob(z) - there.log_det};
}

Tensor FlowDistribution::expectation(const PointFunction& h, std::int64_t count,
                                     Generator& generator, const Tensor& context) {
    return h(sample(count, generator, context));
}

Tensor FlowDistribution::forward_kl(const Tensor& x, const Tensor& context) {
    return -mean(log_prob(x, context));
}

Tensor FlowDistribution::reverse_kl(const PointFunction& energy, std::int64_t count,
                                    Generator& generator, Gradient gradient) {
    if (gradient == Gradient::total) {
        const Drawn drawn = sample_with_log_prob(count, generator);
        return mean(drawn.log_prob + energy(drawn.z));
    }
    check(flow_->has_inverse(), "reverse_kl",
          "the path gradient needs the density at a given point, and ", flow_->name(),
          " has no inverse; hint: Gradient::total");
    const Tensor z = sample(count, generator);
    const nn::Frozen fixed(*this);
    return mean(log_prob(z) + energy(z));
}

Importance importance(const Tensor& log_weights) {
    check(log_weights.defined() && log_weights.rank() == 1 && log_weights.numel() > 0, "importance",
          "needs log weights [n]");
    const NoGrad guard;
    const double total = logsumexp(log_weights).item();
    const double squares = logsumexp(2.0 * log_weights).item();
    const double count = static_cast<double>(log_weights.numel());
    return {total - std::log(count), std::exp(2 * total - squares) / count};
}

}  // namespace eps::models::flow
