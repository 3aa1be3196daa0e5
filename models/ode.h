#pragma once
// Ordinary differential equations dy/dt = f(t, y), solved for a whole batch at once.
#include <functional>
#include <string>

#include "tensor/tensor.h"

namespace eps::models {

using OdeField = std::function<Tensor(double t, const Tensor& y)>;

enum class OdeMethod {
    euler,  // order 1
    heun,   // order 2
    rk45    // orders 5 and 4, whose difference controls the step size   (Dormand & Prince 1980)
};
/// By name: "euler", "heun", "rk45".
/// Throws: on another name, listing these.
OdeMethod ode_method(const std::string& name);

struct OdeOptions {
    OdeMethod method = OdeMethod::rk45;
    std::int64_t steps = 100;  // for euler and heun, all of one length
    /// For rk45: tolerances on the error of a step, whose rms over all elements is taken in units
    /// of absolute + relative |y|.
    double relative = 1e-5, absolute = 1e-5;
    std::int64_t most_steps = 10000;  // for rk45: throws beyond
};

struct OdeSolution {
    Tensor y;
    std::int64_t evaluations;  // calls of f
};
/// y(end) from y(start) = y; `end` may lie before `start`. The solution is differentiable through
/// the steps that computed it.
/// Throws: on bad options; for rk45 also on a vanishing step, a result that is not finite, and more
/// than most_steps steps.
OdeSolution solve_ode(const OdeField& f, const Tensor& y, double start, double end,
                      const OdeOptions& options = {});

}  // namespace eps::models
