// The optimisers: what their options may be, and the coefficients of update t.
#include <cmath>

#include "nn/optim/optimizer.h"

namespace eps::nn {
namespace {

void check_not_negative(const char* op, const char* name, double value) {
    check(std::isfinite(value) && value >= 0, op, "bad ", name, "; got ", value,
          "; expected a number >= 0");
}
void check_fraction(const char* op, const char* name, double value) {
    check(value >= 0 && value < 1, op, "bad ", name, "; got ", value, "; expected 0 <= ", name,
          " < 1");
}

}  // namespace

SGD::SGD(std::vector<Tensor> parameters, SGDOptions options)
    : Optimizer("SGD", std::move(parameters), options.lr, kernels::Update::sgd,
                options.momentum != 0 ? 1 : 0),
      options_(options) {
    check_not_negative("SGD", "momentum", options.momentum);
    check_not_negative("SGD", "weight_decay", options.weight_decay);
    check(!options.nesterov || (options.momentum > 0 && options.dampening == 0), "SGD",
          "Nesterov's method needs a momentum and no dampening; got momentum ", options.momentum,
          ", dampening ", options.dampening);
}

kernels::UpdateCoefficients SGD::coefficients(std::int64_t t) const {
    kernels::UpdateCoefficients c;
    c.lr = learning_rate();
    c.weight_decay = options_.weight_decay;
    c.momentum = options_.momentum;
    c.dampening = options_.momentum != 0 ? options_.dampening : 0;
    c.nesterov = options_.nesterov;
    c.first_step = t == 1;
    return c;
}

Adam::Adam(std::vector<Tensor> parameters, AdamOptions options)
    : Adam("Adam", std::move(parameters), options, false) {}

Adam::Adam(const char* name, std::vector<Tensor> parameters, AdamOptions options, bool decoupled)
    : Optimizer(name, std::move(parameters), options.lr, kernels::Update::adam, 2),
      options_(options),
      decoupled_(decoupled) {
    check_fraction(name, "beta1", options.beta1);
    check_fraction(name, "beta2", options.beta2);
    check_not_negative(name, "epsilon", options.epsilon);
    check_not_negative(name, "weight_decay", options.weight_decay);
}

kernels::UpdateCoefficients Adam::coefficients(std::int64_t t) const {
    kernels::UpdateCoefficients c;
    c.lr = learning_rate();
    (decoupled_ ? c.decoupled_decay : c.weight_decay) = options_.weight_decay;
    c.epsilon = options_.epsilon;
    c.beta1 = options_.beta1;
    c.beta2 = options_.beta2;
    c.bias1 = 1 - std::pow(options_.beta1, static_cast<double>(t));
    c.bias2 = 1 - std::pow(options_.beta2, static_cast<double>(t));
    return c;
}

AdamW::AdamW(std::vector<Tensor> parameters, AdamOptions options)
    : Adam("AdamW", std::move(parameters), options, true) {}

RAdam::RAdam(std::vector<Tensor> parameters, AdamOptions options)
    : Adam("RAdam", std::move(parameters), options, false) {}

kernels::UpdateCoefficients RAdam::coefficients(std::int64_t t) const {
    kernels::UpdateCoefficients c = Adam::coefficients(t);
    const auto steps = static_cast<double>(t);
    const double r = 2 / (1 - c.beta2) - 1;
    const double r_t = r - 2 * steps * std::pow(c.beta2, steps) / c.bias2;
    if (r_t > 5) {
        c.lr *=
            std::sqrt((r_t - 4) * (r_t - 2) * r / ((r - 4) * (r - 2) * r_t)) * std::sqrt(c.bias2);
        c.bias2 = 1;
    } else {  // makes the denominator 0 sqrt(v) + 1
        c.bias2 = INFINITY;
        c.epsilon = 1;
    }
    return c;
}

RMSprop::RMSprop(std::vector<Tensor> parameters, RMSpropOptions options)
    : Optimizer("RMSprop", std::move(parameters), options.lr, kernels::Update::rmsprop,
                options.momentum != 0 ? 2 : 1),
      options_(options) {
    check_fraction("RMSprop", "alpha", options.alpha);
    check_not_negative("RMSprop", "epsilon", options.epsilon);
    check_not_negative("RMSprop", "weight_decay", options.weight_decay);
    check_not_negative("RMSprop", "momentum", options.momentum);
}

kernels::UpdateCoefficients RMSprop::coefficients(std::int64_t) const {
    kernels::UpdateCoefficients c;
    c.lr = learning_rate();
    c.weight_decay = options_.weight_decay;
    c.epsilon = options_.epsilon;
    c.beta1 = options_.alpha;
    c.momentum = options_.momentum;
    return c;
}

Adagrad::Adagrad(std::vector<Tensor> parameters, AdagradOptions options)
    : Optimizer("Adagrad", std::move(parameters), options.lr, kernels::Update::adagrad, 1),
      options_(options) {
    check_not_negative("Adagrad", "lr_decay", options.lr_decay);
    check_not_negative("Adagrad", "weight_decay", options.weight_decay);
    check_not_negative("Adagrad", "initial_accumulator", options.initial_accumulator);
    check_not_negative("Adagrad", "epsilon", options.epsilon);
    if (options.initial_accumulator != 0) fill_state1(options.initial_accumulator);
}

kernels::UpdateCoefficients Adagrad::coefficients(std::int64_t t) const {
    kernels::UpdateCoefficients c;
    c.lr = learning_rate() / (1 + static_cast<double>(t - 1) * options_.lr_decay);
    c.weight_decay = options_.weight_decay;
    c.epsilon = options_.epsilon;
    return c;
}

Adamax::Adamax(std::vector<Tensor> parameters, AdamaxOptions options)
    : Optimizer("Adamax", std::move(parameters), options.lr, kernels::Update::adamax, 2),
      options_(options) {
    check_fraction("Adamax", "beta1", options.beta1);
    check_fraction("Adamax", "beta2", options.beta2);
    check_not_negative("Adamax", "epsilon", options.epsilon);
    check_not_negative("Adamax", "weight_decay", options.weight_decay);
}

kernels::UpdateCoefficients Adamax::coefficients(std::int64_t t) const {
    kernels::UpdateCoefficients c;
    c.lr = learning_rate();
    c.weight_decay = options_.weight_decay;
    c.epsilon = options_.epsilon;
    c.beta1 = options_.beta1;
    c.beta2 = options_.beta2;
    c.bias1 = 1 - std::pow(options_.beta1, static_cast<double>(t));
    return c;
}

Lion::Lion(std::vector<Tensor> parameters, LionOptions options)
    : Optimizer("Lion", std::move(parameters), options.lr, kernels::Update::lion, 1),
      options_(options) {
    check_fraction("Lion", "beta1", options.beta1);
    check_fraction("Lion", "beta2", options.beta2);
    check_not_negative("Lion", "weight_decay", options.weight_decay);
}

kernels::UpdateCoefficients Lion::coefficients(std::int64_t) const {
    kernels::UpdateCoefficients c;
    c.lr = learning_rate();
    c.decoupled_decay = options_.weight_decay;
    c.beta1 = options_.beta1;
    c.beta2 = options_.beta2;
    return c;
}

}  // namespace eps::nn
