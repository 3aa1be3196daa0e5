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
namespace {

void check_event(const char* op, const Tensor& z, const Shape& event) {
    check(z.defined() && z.rank() == event.rank() + 1, op, "a sample has the shape ", event,
          "; got as a batch ", describe(z));
    Shape of_sample = z.shape();
    of_sample.erase(0);
    check(of_sample == event, op, "a sample has the shape ", event, "; got as a batch ",
          describe(z));
}

Shape batch_of(std::int64_t count, Shape event) {
    check(count >= 0, "sample", "a negative number of samples; got ", count);
    event.insert(0, count);
    return event;
}

}  // namespace

Normal::Normal(const Shape& event, bool learned) : mu(zeros(event)), log_var(zeros(event)) {
    const auto own = [&](const char* name, Tensor& x) {
        learned ? add_parameter(name, x) : add_buffer(name, x);
    };
    own("mu", mu);
    own("log_var", log_var);
}

Tensor Normal::log_prob(const Tensor& z) {
    check_event("Normal", z, mu.shape());
    return sum_of_sample(normal_log_prob(z, mu, log_var));
}

Tensor Normal::sample(std::int64_t count, Generator& generator) {
    return reparameterise(mu, log_var, randn(batch_of(count, mu.shape()), mu.options(), generator));
}

Mixture::Mixture(std::int64_t components, std::int64_t dim, Generator& generator) {
    check(components >= 1 && dim >= 1, "Mixture", "needs components and dimensions; got ",
          components, " and ", dim);
    logit = zeros({components});
    mu = randn({components, dim}, generator);
    log_var = zeros({components, dim});
    add_parameter("logit", logit);
    add_parameter("mu", mu);
    add_parameter("log_var", log_var);
}

Tensor Mixture::log_prob(const Tensor& z) {
    check_event("Mixture", z, {mu.size(1)});
    const Tensor of_component = sum(normal_log_prob(unsqueeze(z, 1), mu, log_var), {2});  // [B, C]
    return logsumexp(of_component + log_softmax(logit, 0), {1});
}

Tensor Mixture::sample(std::int64_t count, Generator& generator) {
    const Shape each = batch_of(count, {mu.size(1)});
    // The largest of log-weights with Gumbel noise is at c with the weight of c.
    const Tensor gumbel = -log(-log(rand({count, logit.size(0)}, logit.options(), generator)));
    const Tensor component = argmax(log_softmax(logit, 0) + gumbel, 1);
    return reparameterise(index_select(mu, 0, component), index_select(log_var, 0, component),
                          randn(each, mu.options(), generator));
}

Box::Box(Tensor low_, Tensor high_) : low(std::move(low_)), high(std::move(high_)) {
    check(low.defined() && high.defined() && low.shape() == high.shape() &&
              low.dtype() == high.dtype() && is_floating(low.dtype()),
          "Box", "needs two corners of one shape and floating dtype");
    check(all(low < high).item() != 0, "Box", "every low must be below its high");
    add_buffer("low", low);
    add_buffer("high", high);
}

Box::Box(const Shape& event) : Box(zeros(event), ones(event)) {}

Tensor Box::log_prob(const Tensor& z) {
    check_event("Box", z, low.shape());
    const Tensor inside = logical_and(z >= low, z < high), outside = Tensor(-INFINITY, z.options());
    return sum_of_sample(where(inside, -log(high - low), outside));
}

Tensor Box::sample(std::int64_t count, Generator& generator) {
    return low + rand(batch_of(count, low.shape()), low.options(), generator) * (high - low);
}

FlowDistribution::FlowDistribution(std::unique_ptr<Distribution> base,
                                   std::unique_ptr<Bijector> flow)
    : base_(std::move(base)), flow_(std::move(flow)) {
    check(base_ && flow_, "FlowDistribution", "needs a base and a flow");
    add("base", *base_);
    add("flow", *flow_);
}

Tensor FlowDistribution::log_prob(const Tensor& x, const Tensor& context) {
    const Mapped back = flow_->inverse(x, context);
    return base_->log_prob(back.z) + back.log_det;
}

Tensor FlowDistribution::sample(std::int64_t count, Generator& generator, const Tensor& context) {
    return flow_->map(base_->sample(count, generator), context);
}

Drawn FlowDistribution::sample_with_log_prob(std::int64_t count, Generator& generator,
                                             const Tensor& context) {
    const Tensor z = base_->sample(count, generator);
    const Mapped there = flow_->transform(z, context);
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
    const double total = logsumexp(log_weights).item(),
                 squares = logsumexp(2.0 * log_weights).item();
    const double count = static_cast<double>(log_weights.numel());
    return {total - std::log(count), std::exp(2 * total - squares) / count};
}

}  // namespace eps::models::flow
