// Steps of optimisers, computed by those of nn/, and dropout that draws nothing. ONNX counts steps
// T from 0, nn/ counts from 1.
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/shape/shape.h"
#include "nn/optim/optimizer.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// The inputs are the rate, T, and then n parameters, n gradients and n tensors of each state; the
// outputs are the new parameters and states.
struct Step {
    std::vector<Tensor> parameters;
    std::vector<std::vector<Tensor>> states;

    Step(const Call& c, std::size_t state_count) : states(state_count) {
        const std::size_t n = (c.input_count() - 2) / (2 + state_count);
        for (std::size_t i = 0; i < n; ++i) {
            parameters.push_back(clone(detach(c[2 + i])).requires_grad_());
            parameters.back().set_grad(c[2 + n + i]);
            for (std::size_t s = 0; s < state_count; ++s)
                states[s].push_back(c[2 + (2 + s) * n + i]);
        }
    }
    // One step of an optimiser that has made `updates` steps before.
    Results run(nn::Optimizer& optimizer, std::int64_t updates) const {
        NamedTensors state = optimizer.state_dict();
        for (auto& [name, tensor] : state) {
            NoGrad guard;
            if (name == "step" || name == "updates") tensor.fill_(static_cast<double>(updates));
            for (std::size_t s = 0; s < states.size(); ++s)
                for (std::size_t i = 0; i < parameters.size(); ++i)
                    if (name == str(i, ".state", s + 1)) tensor = states[s][i];
        }
        optimizer.load_state_dict(state);
        optimizer.step();
        Results results(parameters.begin(), parameters.end());
        for (std::size_t s = 0; s < states.size(); ++s)
            for (std::size_t i = 0; i < parameters.size(); ++i)
                for (const auto& [name, tensor] : optimizer.state_dict())
                    if (name == str(i, ".state", s + 1)) results.push_back(tensor);
        return results;
    }
};

Results adagrad(const Call& c) {
    const Step step(c, 1);
    nn::Adagrad optimizer(step.parameters, {.lr = c[0].item(),
                                            .lr_decay = c.real("decay_factor", 0),
                                            .weight_decay = c.real("norm_coefficient", 0),
                                            .epsilon = c.real("epsilon", 1e-6)});
    return step.run(optimizer, c.numbers(1).at(0));
}

// ONNX does not correct the bias at T = 0, and adds epsilon to sqrt(v), not to sqrt(v / bias2). The
// rate and epsilon are changed so that our step is the same.
Results adam(const Call& c) {
    const Step step(c, 2);
    const double beta1 = c.real("alpha", 0.9), beta2 = c.real("beta", 0.999);
    const auto updates = static_cast<double>(c.numbers(1).at(0));
    const auto correction = [&](double t) {
        return std::sqrt(1 - std::pow(beta2, t)) / (1 - std::pow(beta1, t));
    };
    const double next = std::max(updates, 1.0), wanted = updates > 0 ? correction(updates) : 1;
    const double lr = c[0].item() * wanted / correction(next);
    const double epsilon = c.real("epsilon", 1e-6) / std::sqrt(1 - std::pow(beta2, next));
    const double decay = c.real("norm_coefficient", 0);
    if (c.real("norm_coefficient_post", 0) != 0) c.unsupported("norm_coefficient_post");
    nn::Adam optimizer(
        step.parameters,
        {.lr = lr, .beta1 = beta1, .beta2 = beta2, .epsilon = epsilon, .weight_decay = decay});
    return step.run(optimizer, static_cast<std::int64_t>(next) - 1);
}

// v = alpha v + beta g, but g itself at T = 0. Our optimiser starts with one update made: its
// first one would ignore v.
Results momentum(const Call& c) {
    const Step step(c, 1);
    const double beta = c.real("beta", 1);
    const bool first = c.numbers(1).at(0) == 0, nesterov = c.text("mode", "standard") == "nesterov";
    nn::SGD optimizer(step.parameters, {.lr = c[0].item(),
                                        .momentum = c.real("alpha", 0),
                                        .dampening = first ? 0 : 1 - beta,
                                        .weight_decay = c.real("norm_coefficient", 0),
                                        .nesterov = nesterov});
    return step.run(optimizer, 1);
}

// x itself: outside of training, and with ratio 0, nothing is dropped.
Results dropout(const Call& c) {
    c.ignore("seed");
    c.ignore("is_test");
    const double ratio = c.has(1) ? c[1].item() : c.real("ratio", 0.5);
    if (c.has(2) && c[2].item() != 0 && ratio != 0) c.unsupported("a random mask");
    return {c[0], ones(c[0].shape(), {.dtype = boolean})};
}

}  // namespace

void add_training_ops(OpTable& table) {
    table.insert(
        {{"Adagrad", adagrad}, {"Adam", adam}, {"Momentum", momentum}, {"Dropout", dropout}});
}

}  // namespace eps::conformance
