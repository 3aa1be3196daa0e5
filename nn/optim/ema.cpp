#include "nn/optim/ema.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/capture/host_input.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps::nn {

EMA::EMA(const Module& module, double decay, bool warmup, bool buffers)
    : decay_(decay), warmup_(warmup), buffers_(buffers) {
    check(decay >= 0 && decay < 1, "EMA", "bad decay; got ", decay, "; expected 0 <= decay < 1");
    const NoGrad guard;
    for (const auto& [name, parameter] : averaged(module)) {
        parameters_.push_back(parameter);
        shadow_.emplace_back(name, clone(parameter));
    }
}

NamedTensors EMA::averaged(const Module& module) const {
    NamedTensors list = module.named_parameters();
    if (buffers_)
        for (auto& [name, buffer] : module.named_buffers())
            if (is_floating(buffer.dtype())) list.emplace_back(name, buffer);
    return list;
}

double EMA::next_decay() const {
    const auto n = static_cast<double>(updates_);
    return warmup_ ? std::min(decay_, (1 + n) / (10 + n)) : decay_;
}

void EMA::update() { prepare_update()(); }

std::function<void()> EMA::prepare_update() {
    check(
        !swapped_into_, "EMA",
        "the averages are in the module at present; hint: update() after the scope of evaluation");
    const NoGrad guard;
    std::vector<kernels::UpdateTensors> list;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        auto& [name, average] = shadow_[i];
        const Tensor& parameter = parameters_[i];
        check(average.dtype() == parameter.dtype(), "EMA",
              "the dtype of the module has changed since the EMA was made; got ", name, " ",
              describe(parameter), "; expected ", describe(average),
              "; hint: make the EMA after to()");
        average = to(average, parameter.device());
        list.push_back(
            {.value = average, .gradient = contiguous(parameter), .state1 = {}, .state2 = {}});
    }
    Tensor coefficients;
    if (!list.empty())
        coefficients = host_tensor(list[0].value.device(), [this] {
            kernels::UpdateCoefficients c;
            c.beta1 = next_decay();
            return kernels::as_tensor(c);
        });
    return [this, list = std::move(list), coefficients] {
        host_work([this] { ++updates_; });
        if (!list.empty()) kernels::multi_tensor_update(kernels::Update::ema, coefficients, list);
    };
}

void EMA::apply_to(Module& module) const { copy_by_name("EMA", averaged(module), shadow_); }

void EMA::swap(Module& module) {
    check(!swapped_into_ || is_in(module), "EMA",
          "the averages are in another module at present; hint: end that scope first");
    const NoGrad guard;
    if (!swapped_into_) {
        std::vector<Exchange> exchanges;
        for (const auto& [own, average] : match_by_name("EMA", averaged(module), shadow_))
            exchanges.push_back({own, average, empty_like(own)});
        exchanges_ = std::move(exchanges);
    }
    for (auto& [own, average, spare] : exchanges_) {
        spare.copy_(own);
        own.copy_(average);
        average.copy_(spare);
    }
    if (swapped_into_) exchanges_.clear();
    swapped_into_ = swapped_into_ ? nullptr : &module;
}

NamedTensors EMA::state_dict() const {
    const std::vector<std::int64_t> updates{updates_};
    NamedTensors out{{"updates", from_span(std::span(updates), {})}};
    for (const auto& [name, average] : shadow_) out.emplace_back("shadow." + name, average);
    return out;
}

void EMA::load_state_dict(const NamedTensors& state) {
    NamedTensors targets = state_dict();  // the averages themselves, but a copy of the count
    copy_by_name("EMA", targets, state);
    updates_ = *targets[0].second.data<std::int64_t>();
}

}  // namespace eps::nn
