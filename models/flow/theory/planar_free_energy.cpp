#include "models/flow/theory/planar_free_energy.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/flow/planar.h"

namespace eps::models::flow {
namespace {

constexpr const char* kOp = "free_energy";

}  // namespace

Tensor planar_log_det_literally(Composition& flow, const Tensor& z0, const Tensor& context) {
    Tensor total = zero_log_det(z0), z = z0;
    for (std::int64_t k = 0; k < flow.size(); ++k) {
        auto* planar = dynamic_cast<Planar*>(&flow.layer(k));
        check(planar != nullptr, kOp, "layer ", k, " is ", flow.layer(k).name(),
              "; expected planar flows");
        const PlanarMap f = planar->parameters_for(z, context);
        const Tensor h_derivative = 1.0 - square(planar_activation(f, z));  // [B]
        const Tensor psi = unsqueeze(h_derivative, 1) * f.w;                // [B, D]
        total = total + log(abs(1.0 + sum(f.u_hat * psi, {1})));
        z = planar->map(z, context);
    }
    return total;
}

Tensor free_energy_by_terms(const FlowPosterior& q, const LogJoint& log_joint,
                            const PosteriorSample& sample) {
    check(q.flow != nullptr, kOp, "the flow is null; expected a composition of planar flows");
    auto* flow = dynamic_cast<Composition*>(q.flow);
    check(flow != nullptr, kOp, "expected a composition of planar flows; got ", q.flow->name());
    return sample.log_q0 - log_joint(sample.z) -
           planar_log_det_literally(*flow, sample.z0, q.context);
}

}  // namespace eps::models::flow
