#include "nn/optimizer.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "tensor/create.h"

namespace eps::nn {

Optimizer::Optimizer(const char* name, std::vector<Tensor> parameters, double lr, kernels::Update update, int state_count)
    : name_(name), lr_(0), update_(update), state_count_(state_count) {
    check(!parameters.empty(), name_, "no parameters to optimise");
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const Tensor& p = parameters[i];
        check(p.defined() && p.requires_grad() && p.is_leaf() && p.is_contiguous(), name_, "parameter ", i,
              " is not a contiguous leaf that requires a gradient; got ", describe(p));
        slots_.push_back({p, {}, state_count > 0 ? zeros_like(p) : Tensor(), state_count > 1 ? zeros_like(p) : Tensor()});
    }
    set_learning_rate(lr);
}

void Optimizer::set_learning_rate(double lr) {
    check(std::isfinite(lr) && lr >= 0, name_, "bad learning rate; got ", lr, "; expected a number >= 0");
    lr_ = lr;
}

void Optimizer::step() {
    NoGrad guard;
    std::vector<kernels::UpdateTensors> ready;
    for (const kernels::UpdateTensors& slot : slots_) {
        const Tensor gradient = slot.value.grad();
        if (gradient.defined()) ready.push_back({slot.value, gradient.contiguous_data(), slot.state1, slot.state2});
    }
    ++step_;
    if (!ready.empty()) kernels::multi_tensor_update(update_, coefficients(step_), ready);
}

void Optimizer::zero_grad() {
    for (const kernels::UpdateTensors& slot : slots_) slot.value.set_grad({});
}

NamedTensors Optimizer::state_dict() const {
    NamedTensors state;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].state1.defined()) state.emplace_back(std::to_string(i) + ".state1", slots_[i].state1);
        if (slots_[i].state2.defined()) state.emplace_back(std::to_string(i) + ".state2", slots_[i].state2);
    }
    state.emplace_back("step", full({}, static_cast<double>(step_), {.dtype = i64}));
    return state;
}

void Optimizer::load_state_dict(const NamedTensors& state) {
    const NamedTensors own = state_dict();
    copy_named(name_, own, state);
    step_ = static_cast<std::int64_t>(own.back().second.item());
}

SGD::SGD(std::vector<Tensor> parameters, SGDOptions options)
    : Optimizer("SGD", std::move(parameters), options.lr, kernels::Update::sgd, 1), options_(options) {
    check(!options.nesterov || (options.momentum > 0 && options.dampening == 0), "SGD", "Nesterov needs momentum > 0 and no dampening; got momentum ",
          options.momentum, " and dampening ", options.dampening);
}

kernels::UpdateCoefficients SGD::coefficients(std::int64_t step) const {
    return {.lr = learning_rate(), .weight_decay = options_.weight_decay, .momentum = options_.momentum, .dampening = options_.dampening,
            .nesterov = options_.nesterov ? 1.0 : 0.0, .first_step = step == 1 || options_.momentum == 0 ? 1.0 : 0.0};
}

Adam::Adam(std::vector<Tensor> parameters, AdamOptions options) : Adam("Adam", std::move(parameters), options, false) {}
Adam::Adam(const char* name, std::vector<Tensor> parameters, AdamOptions options, bool decoupled)
    : Optimizer(name, std::move(parameters), options.lr, kernels::Update::adam, 2), options_(options), decoupled_(decoupled) {
    check(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1, name, "betas must be in [0, 1); got ", options.beta1,
          " and ", options.beta2);
}
AdamW::AdamW(std::vector<Tensor> parameters, AdamOptions options) : Adam("AdamW", std::move(parameters), options, true) {}

kernels::UpdateCoefficients Adam::coefficients(std::int64_t step) const {
    const auto t = static_cast<double>(step);
    return {.lr = learning_rate(),
            .weight_decay = decoupled_ ? 0 : options_.weight_decay,
            .decoupled_decay = decoupled_ ? options_.weight_decay : 0,
            .epsilon = options_.epsilon,
            .beta1 = options_.beta1,
            .beta2 = options_.beta2,
            .bias1 = 1 - std::pow(options_.beta1, t),
            .bias2 = 1 - std::pow(options_.beta2, t)};
}

RMSprop::RMSprop(std::vector<Tensor> parameters, RMSpropOptions options)
    : Optimizer("RMSprop", std::move(parameters), options.lr, kernels::Update::rmsprop, options.momentum > 0 ? 2 : 1), options_(options) {}

kernels::UpdateCoefficients RMSprop::coefficients(std::int64_t) const {
    return {.lr = learning_rate(), .weight_decay = options_.weight_decay, .epsilon = options_.epsilon, .beta1 = options_.alpha, .momentum = options_.momentum};
}

}  // namespace eps::nn
