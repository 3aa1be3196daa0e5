#include "models/flow/continuous.h"

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

// v [B, D] and the trace of dv/dx [B]. If the caller records no gradients, only those for the trace
// are recorded.
Transformed velocity_with_trace(Velocity& velocity, const Tensor& x, const Tensor& t) {
    const bool record = grad_enabled();
    const GradMode on(true);
    const Tensor at = record && x.requires_grad() ? x : detach(x).requires_grad_();
    const Tensor v = velocity(at, t);
    Tensor trace = zeros({x.size(0)}, x.options());
    for (std::int64_t i = 0; i < x.size(1); ++i) {
        const Tensor row =
            grad(sum(select(v, 1, i)), {at},
                 {.create_graph = record, .retain_graph = true, .allow_unused = true})[0];
        if (row.defined()) trace = trace + select(row, 1, i);
    }
    return record ? Transformed{v, trace} : Transformed{detach(v), detach(trace)};
}

Tensor times(const Tensor& x, double t) { return full({x.size(0)}, t, x.options()); }

}  // namespace

ContinuousFlow::ContinuousFlow(std::unique_ptr<Velocity> velocity, const OdeOptions& options_)
    : options(options_), velocity_(std::move(velocity)) {
    check(velocity_ != nullptr, "continuous flow", "needs a velocity");
    add("velocity", *velocity_);
}

// The state of the equation is x with the log-determinant behind it: [B, D + 1].
Transformed ContinuousFlow::with_trace(const Tensor& z, double start, double end) {
    check(z.defined() && z.rank() == 2 && is_floating(z.dtype()), "continuous flow", "got ",
          describe(z), "; expected points [B, D]");
    const std::int64_t D = z.size(1);
    const OdeField field = [&](double t, const Tensor& state) {
        const Transformed rate =
            velocity_with_trace(*velocity_, narrow(state, 1, 0, D), times(z, t));
        return concat({rate.z, unsqueeze(rate.log_det, 1)}, 1);
    };
    const OdeSolution solution =
        solve_ode(field, concat({z, zeros({z.size(0), 1}, z.options())}, 1), start, end, options);
    evaluations_ = solution.evaluations;
    return {narrow(solution.y, 1, 0, D), select(solution.y, 1, D)};
}

Transformed ContinuousFlow::transform(const Tensor& z, const Tensor&) {
    return with_trace(z, 0, 1);
}
Transformed ContinuousFlow::inverse(const Tensor& x, const Tensor&) { return with_trace(x, 1, 0); }

Tensor ContinuousFlow::map(const Tensor& z, const Tensor&) {
    const OdeSolution solution = solve_ode(
        [&](double t, const Tensor& x) { return (*velocity_)(x, times(x, t)); }, z, 0, 1, options);
    evaluations_ = solution.evaluations;
    return solution.y;
}

}  // namespace eps::models::flow
