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
    rk45    // orders 5 and 4, the difference of which chooses the step   (Dormand & Prince 1980)
};
/// "euler", "heun" or "rk45"; throws, listing them, on another.
OdeMethod ode_method(const std::string& name);

struct OdeOptions {
    OdeMethod method = OdeMethod::rk45;
    std::int64_t steps = 100;  // of euler and heun, equally long
    // rk45: the error of a step, rms over all elements in units of absolute + relative |y|
    double relative = 1e-5, absolute = 1e-5;
    std::int64_t most_steps = 10000;  // rk45: throws rather than take more
};

struct OdeSolution {
    Tensor y;
    std::int64_t evaluations;  // of f
};
/// y(end), from y(start) = y; end may lie before start. What f records is recorded: the solution is
/// differentiable as the steps that made it.
OdeSolution solve_ode(const OdeField& f, const Tensor& y, double start, double end,
                      const OdeOptions& options = {});

}  // namespace eps::models
