#include "models/flow/free_energy.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/flow/planar.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

constexpr const char* kOp = "free_energy";

void check_posterior(const FlowPosterior& q) {
    check(q.flow != nullptr, kOp,
          "the flow is null; hint: a composition of no layers is the identity");
    check(q.q0.mu.defined() && q.q0.mu.rank() == 2 && q.q0.mu.shape() == q.q0.log_var.shape(), kOp,
          "q_0 needs mu and log_var [B, D] of one shape");
}

// [B, ...] -> [k B, ...]: the batch k times over.
Tensor repeated(const Tensor& x, std::int64_t k) {
    if (!x.defined()) return x;
    return reshape(expand(unsqueeze(x, 0), {k, x.size(0), x.size(1)}), {k * x.size(0), x.size(1)});
}

}  // namespace

Tensor PosteriorSample::log_q() const { return log_q0 - log_det; }

PosteriorSample sample_with(const FlowPosterior& q, const Tensor& noise) {
    check_posterior(q);
    const Tensor z0 = q.q0.sample_with(noise);
    const Mapped there = q.flow->transform(z0, q.context);
    return {z0, there.z, q.q0.log_prob(z0), there.log_det};
}

Tensor free_energy_at_point(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample) {
    check_posterior(q);
    const Mapped back = q.flow->inverse(sample.z, q.context);
    return q.q0.log_prob(back.z) + back.log_det - log_joint(sample.z);
}

Tensor free_energy(const LogJoint& log_joint, const PosteriorSample& sample, const Tensor& beta) {
    const Tensor joint = log_joint(sample.z);
    return sample.log_q() - (beta.defined() ? beta * joint : joint);
}

Tensor planar_log_det_literally(Composition& flow, const Tensor& z0, const Tensor& context) {
    Tensor total = no_log_det(z0), z = z0;
    for (std::int64_t k = 0; k < flow.size(); ++k) {
        auto* planar = dynamic_cast<Planar*>(&flow.layer(k));
        check(planar != nullptr, kOp, "layer ", k, " is ", flow.layer(k).name(),
              "; expected planar flows");
        const PlanarMap f = planar->parameters_for(z, context);
        const Tensor slope = 1.0 - square(planar_activation(f, z));  // h'
        const Tensor psi = unsqueeze(slope, 1) * f.w;                // [B, D]
        total = total + log(abs(1.0 + sum(f.u_hat * psi, {1})));
        z = planar->map(z, context);
    }
    return total;
}

Tensor free_energy_by_terms(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample) {
    check_posterior(q);
    auto* flow = dynamic_cast<Composition*>(q.flow);
    check(flow != nullptr, kOp, "expected a composition of planar flows; got ", q.flow->name());
    return sample.log_q0 - log_joint(sample.z) -
           planar_log_det_literally(*flow, sample.z0, q.context);
}

double annealing(std::int64_t step, std::int64_t over) {
    return std::min(1.0, 0.01 + static_cast<double>(step) / static_cast<double>(over));
}

Tensor expected_log_q0(const vae::DiagonalNormal& q0) {
    return sum(q0.log_var + (1 + std::log(2 * std::numbers::pi)), {-1}) * -0.5;
}

Tensor log_weights(const FlowPosterior& q, const LogJoint& log_joint, std::int64_t k,
                   Generator& generator) {
    check_posterior(q);
    check(k >= 1, "log_weights", "needs at least one sample; got k = ", k);
    const std::int64_t B = q.q0.mu.size(0), D = q.q0.mu.size(1);
    const FlowPosterior many{
        {repeated(q.q0.mu, k), repeated(q.q0.log_var, k)}, q.flow, repeated(q.context, k)};
    const PosteriorSample sample =
        sample_with(many, randn({k * B, D}, q.q0.mu.options(), generator));
    return log_joint(reshape(sample.z, {k, B, D})) - reshape(sample.log_q(), {k, B});
}

}  // namespace eps::models::flow
