#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "nn/optim/optimizer.h"
#include "tensor/create.h"

namespace eps::nn {

Tensor grad_norm(const std::vector<Tensor>& parameters) {
    NoGrad guard;
    std::vector<Tensor> squares;
    for (const Tensor& p : parameters) {
        check(p.defined(), "grad_norm", "a parameter is undefined");
        if (const Tensor gradient = p.grad(); gradient.defined())
            squares.push_back(sum(square(to(gradient, f64))));
    }
    return squares.empty() ? zeros({}, {f64}) : sqrt(sum(stack(squares)));
}

Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                       bool error_if_nonfinite) {
    check(max_norm >= 0, "clip_grad_norm_", "bad max_norm; got ", max_norm,
          "; expected a number >= 0");
    const Tensor norm = grad_norm(parameters);
    if (error_if_nonfinite)
        check(std::isfinite(norm.item()), "clip_grad_norm_", "the norm of the gradients is ",
              norm.item(), "; hint: AnomalyMode names the op that made it so");
    NoGrad guard;
    const Tensor scale = where(norm <= max_norm, ones_like(norm), max_norm / norm);
    // New buffers, because two parameters may share one gradient, which must be scaled once.
    std::vector<Tensor> clipped;  // all of them, before the first gradient is replaced
    for (const Tensor& p : parameters) {
        const Tensor gradient = p.grad();
        clipped.push_back(gradient.defined() ? gradient * to(scale, gradient.dtype()) : gradient);
    }
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (clipped[i].defined()) parameters[i].set_grad(clipped[i]);
    return norm;
}

}  // namespace eps::nn
