#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/join.h"
#include "autograd/ops/reduce.h"
#include "nn/optimizer.h"

namespace eps::nn {

double grad_norm(const std::vector<Tensor>& parameters) {
    NoGrad guard;
    std::vector<Tensor> squares;
    for (const Tensor& p : parameters) {
        check(p.defined(), "grad_norm", "a parameter is undefined");
        if (const Tensor gradient = p.grad(); gradient.defined()) squares.push_back(sum(square(to(gradient, f64))));
    }
    return squares.empty() ? 0 : std::sqrt(sum(stack(squares)).item());  // the only wait
}

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, bool error_if_nonfinite) {
    check(max_norm >= 0, "clip_grad_norm", "bad max_norm; got ", max_norm, "; expected a number >= 0");
    const double norm = grad_norm(parameters);
    check(std::isfinite(norm) || !error_if_nonfinite, "clip_grad_norm", "the norm of the gradients is ", norm,
          "; hint: AnomalyMode names the op that made it so");
    if (norm <= max_norm) return norm;
    const double scale = max_norm / norm;
    // New buffers: two parameters may share one gradient, which must not be scaled twice.
    NoGrad guard;
    for (const Tensor& p : parameters)
        if (const Tensor gradient = p.grad(); gradient.defined()) p.set_grad(gradient * scale);
    return norm;
}

}  // namespace eps::nn
