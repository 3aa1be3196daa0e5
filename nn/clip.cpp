#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/cast.h"
#include "autograd/ops/join.h"
#include "autograd/ops/reduce.h"
#include "nn/optimizer.h"

namespace eps::nn {

double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, bool error_if_nonfinite) {
    check(max_norm >= 0, "clip_grad_norm", "bad max_norm; got ", max_norm, "; expected a number >= 0");
    NoGrad guard;
    std::vector<Tensor> gradients, squares;
    for (const Tensor& p : parameters) {
        check(p.defined(), "clip_grad_norm", "a parameter is undefined");
        gradients.push_back(p.grad());
        if (gradients.back().defined()) squares.push_back(sum(square(to(gradients.back(), f64))));
    }
    if (squares.empty()) return 0;
    const double norm = std::sqrt(sum(stack(squares)).item());  // the only wait
    check(std::isfinite(norm) || !error_if_nonfinite, "clip_grad_norm", "the norm of the gradients is ", norm,
          "; hint: AnomalyMode names the op that made it so");
    if (norm <= max_norm) return norm;
    const double scale = max_norm / norm;
    // New buffers: two parameters may share one gradient, which must not be scaled twice.
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (gradients[i].defined()) parameters[i].set_grad(gradients[i] * scale);
    return norm;
}

}  // namespace eps::nn
