#include "models/ode.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "solve_ode";

OdeSolution fixed_steps(const OdeField& f, Tensor y, double start, double end,
                        const OdeOptions& options) {
    const double h = (end - start) / static_cast<double>(options.steps);
    for (std::int64_t i = 0; i < options.steps; ++i) {
        const double t = start + h * static_cast<double>(i);
        const Tensor k = f(t, y);
        const Tensor euler = y + h * k;
        y = options.method == OdeMethod::euler ? euler : y + (0.5 * h) * (k + f(t + h, euler));
    }
    return {y, options.steps * (options.method == OdeMethod::euler ? 1 : 2)};
}

// The tableau of Dormand & Prince 1980: times, weights of earlier stages, and differences between
// the weights of orders 5 and 4. The last stage is evaluated at the next y and serves as the first
// stage of the next step.
constexpr int kStages = 7;
constexpr std::array<double, kStages> kTimes{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
constexpr double kWeights[kStages][kStages - 1] = {
    {},
    {1. / 5},
    {3. / 40, 9. / 40},
    {44. / 45, -56. / 15, 32. / 9},
    {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
    {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
    {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}};
constexpr std::array<double, kStages> kErrors{71. / 57600,      0,         -71. / 16695, 71. / 1920,
                                              -17253. / 339200, 22. / 525, -1. / 40};

Tensor combination(const Tensor& y, const std::array<Tensor, kStages>& k, const double* weights,
                   int count, double h) {
    Tensor sum = y;
    for (int i = 0; i < count; ++i)
        if (weights[i] != 0) {
            const Tensor term = (h * weights[i]) * k[static_cast<std::size_t>(i)];
            sum = sum.defined() ? sum + term : term;
        }
    return sum;
}

// The rms of error / (absolute + relative |y|).
double error_of(const Tensor& error, const Tensor& from, const Tensor& to,
                const OdeOptions& options) {
    const NoGrad guard;
    const Tensor scale = options.absolute + options.relative * maximum(abs(from), abs(to));
    return std::sqrt(mean(square(error / scale)).item());
}

OdeSolution adaptive_steps(const OdeField& f, Tensor y, double start, double end,
                           const OdeOptions& options) {
    const double span = end - start;
    double t = start, h = span / 20;
    std::array<Tensor, kStages> k{f(t, y)};
    std::int64_t evaluations = 1;
    for (std::int64_t step = 0; t != end; ++step) {
        check(step < options.most_steps, kOp, "took ", step, " steps and is at ", t, " of ", start,
              " to ", end, "; hint: larger tolerances");
        const bool last = std::abs(end - t) <= std::abs(h) * (1 + 1e-12);
        if (last) h = end - t;
        check(t + h != t, kOp, "the step vanishes at ", t,
              "; hint: larger tolerances, or an equation that is not stiff");
        Tensor next;
        for (int s = 1; s < kStages; ++s) {
            next = combination(y, k, kWeights[s], s, h);
            k[static_cast<std::size_t>(s)] = f(t + kTimes[static_cast<std::size_t>(s)] * h, next);
        }
        evaluations += kStages - 1;
        const double error =
            error_of(combination({}, k, kErrors.data(), kStages, h), y, next, options);
        check(std::isfinite(error), kOp, "a step to ", t + h, " is not finite");
        if (error <= 1) {
            t = last ? end : t + h;
            y = next;
            k[0] = k[kStages - 1];
        }
        h *= std::clamp(0.9 * std::pow(std::max(error, 1e-10), -0.2), 0.2, 5.0);
    }
    return {y, evaluations};
}

}  // namespace

OdeMethod ode_method(const std::string& name) {
    if (name == "euler") return OdeMethod::euler;
    if (name == "heun") return OdeMethod::heun;
    if (name == "rk45") return OdeMethod::rk45;
    fail("ode", "no such method; got '", name, "'; expected euler, heun or rk45");
}

OdeSolution solve_ode(const OdeField& f, const Tensor& y, double start, double end,
                      const OdeOptions& options) {
    check(f != nullptr && y.defined() && is_floating(y.dtype()), kOp,
          "needs a field and a floating tensor to start from");
    check(std::isfinite(start) && std::isfinite(end), kOp, "needs finite times; got ", start,
          " and ", end);
    check(options.steps >= 1 && options.most_steps >= 1, kOp, "needs at least one step; got ",
          options.steps, " and at most ", options.most_steps);
    check(options.relative > 0 && options.absolute > 0, kOp, "tolerances must be positive; got ",
          options.relative, " and ", options.absolute);
    if (start == end || y.numel() == 0) return {y, 0};
    return options.method == OdeMethod::rk45 ? adaptive_steps(f, y, start, end, options)
                                             : fixed_steps(f, y, start, end, options);
}

}  // namespace eps::models
