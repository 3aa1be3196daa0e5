#include "models/free_energy.h"

#include <algorithm>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

void check_posterior(const FlowPosterior& q) {
    constexpr const char* op = "free_energy";
    check(q.flow != nullptr, op,
          "the flow is null; hint: a composition of no layers is the identity");
    check(q.q0.mu.defined() && q.q0.mu.rank() == 2 && q.q0.mu.shape() == q.q0.log_var.shape(), op,
          "q_0 needs mu and log_var [B, D] of one shape");
}

// The batch k times over: [B, n] -> [k B, n]
Tensor repeated(const Tensor& x, std::int64_t k) {
    if (!x.defined()) return x;
    return reshape(expand(unsqueeze(x, 0), {k, x.size(0), x.size(1)}), {k * x.size(0), x.size(1)});
}

}  // namespace

Tensor PosteriorSample::log_q() const { return log_q0 - log_det; }

PosteriorSample FlowPosterior::sample_with(const Tensor& noise) const {
    check_posterior(*this);
    const Tensor z0 = q0.sample_with(noise);
    const Transformed zK = flow->transform(z0, context);
    return {.z0 = z0, .z = zK.z, .log_q0 = q0.log_prob(z0), .log_det = zK.log_det};
}

Tensor free_energy_at_point(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample) {
    check_posterior(q);
    const Transformed z0 = q.flow->inverse(sample.z, q.context);
    return q.q0.log_prob(z0.z) + z0.log_det - log_joint(sample.z);
}

Tensor free_energy(const LogJoint& log_joint, const PosteriorSample& sample, const Tensor& beta) {
    const Tensor joint = log_joint(sample.z);
    return sample.log_q() - (beta.defined() ? beta * joint : joint);
}

double annealing(std::int64_t step, std::int64_t over) {
    return std::min(1.0, 0.01 + static_cast<double>(step) / static_cast<double>(over));
}

Tensor log_weights(const FlowPosterior& q, const LogJoint& log_joint, std::int64_t k,
                   Generator& generator) {
    check_posterior(q);
    check(k >= 1, "log_weights", "needs at least one sample; got k = ", k);
    const std::int64_t B = q.q0.mu.size(0), D = q.q0.mu.size(1);
    const FlowPosterior many{.q0 = {repeated(q.q0.mu, k), repeated(q.q0.log_var, k)},
                             .flow = q.flow,
                             .context = repeated(q.context, k)};
    const PosteriorSample sample =
        many.sample_with(randn({k * B, D}, q.q0.mu.options(), generator));
    return log_joint(reshape(sample.z, {k, B, D})) - reshape(sample.log_q(), {k, B});
}

}  // namespace eps::models
