#include "models/gan/unrolled.h"

#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "nn/functional_call.h"

namespace eps::models::gan {

NamedTensors unrolled(nn::Module& module, const std::function<Tensor()>& loss, std::int64_t steps,
                      double learning_rate) {
    check(steps >= 0, "unrolled", "the number of steps must not be negative; got ", steps);
    check(std::isfinite(learning_rate) && learning_rate > 0, "unrolled",
          "the learning rate must be positive; got ", learning_rate);
    const bool differentiable = grad_enabled();
    const GradMode recording(true);
    NamedTensors state = nn::detached_state(module);
    std::vector<std::size_t> trained;  // indices into `state`, which begins with the parameters
    const NamedTensors parameters = module.named_parameters();
    for (std::size_t i = 0; i < parameters.size(); ++i)
        if (parameters[i].second.requires_grad()) {
            state[i].second.requires_grad_();
            trained.push_back(i);
        }
    for (std::int64_t step = 0; step < steps; ++step) {
        const nn::FunctionalScope scope(module, state);
        std::vector<Tensor> theta;
        for (const std::size_t i : trained) theta.push_back(state[i].second);
        const std::vector<Tensor> gradients =
            grad(loss(), theta, {.create_graph = differentiable, .allow_unused = true});
        for (std::size_t i = 0; i < trained.size(); ++i)
            if (gradients[i].defined())
                state[trained[i]].second = theta[i] - learning_rate * gradients[i];
    }
    if (!differentiable)
        for (const std::size_t i : trained) state[i].second = detach(state[i].second);
    return state;
}

}  // namespace eps::models::gan
