#include "nn/optim/optimizer.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/capture/host_input.h"
#include "tensor/create.h"
#include "tensor/overlap.h"

namespace eps::nn {
namespace {

// Throws if two of these contiguous tensors share memory: both would be updated from what the other
// has written.
void check_disjoint(const char* op, const std::vector<Tensor>& parameters) {
    struct Block {
        const char* begin;
        std::size_t bytes, parameter;
    };
    std::vector<Block> blocks;
    for (std::size_t i = 0; i < parameters.size(); ++i)
        blocks.push_back(
            {static_cast<const char*>(parameters[i].raw_data()),
             static_cast<std::size_t>(parameters[i].numel()) * size_of(parameters[i].dtype()), i});
    std::sort(blocks.begin(), blocks.end(),
              [](const Block& a, const Block& b) { return std::less<>()(a.begin, b.begin); });
    std::erase_if(blocks, [](const Block& b) { return b.bytes == 0; });
    for (std::size_t k = 1; k < blocks.size(); ++k)
        check(!std::less<>()(blocks[k].begin, blocks[k - 1].begin + blocks[k - 1].bytes), op,
              "parameters ", blocks[k - 1].parameter, " and ", blocks[k].parameter,
              " share memory; hint: give the optimiser the tensor of which they are views");
}

}  // namespace

Optimizer::Optimizer(const char* name, std::vector<Tensor> parameters, double lr,
                     kernels::Update update, int state_count)
    : name_(name), update_(update), state_count_(state_count), updates_(parameters.size(), 0) {
    set_learning_rate(lr);
    check(!parameters.empty(), name_, "no parameters to train");
    std::unordered_set<const TensorImpl*> seen;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const Tensor& p = parameters[i];
        check(p.defined() && p.requires_grad() && p.is_leaf(), name_, "parameter ", i,
              " is not a leaf that requires a gradient; got ", describe(p),
              "; hint: requires_grad_()");
        check(p.is_contiguous(), name_, "parameter ", i, " is not contiguous; got ", describe(p),
              " with strides ", p.strides());
        check(p.device() == parameters[0].device(), name_, "parameters on different devices; got ",
              parameters[0].device(), " and ", p.device(),
              "; hint: make one optimiser for each device");
        check(seen.insert(p.impl()).second, name_, "parameter ", i, " is given twice; got ",
              describe(p));
        slots_.push_back({.value = p,
                          .gradient = {},
                          .state1 = state_count >= 1 ? zeros_like(p) : Tensor(),
                          .state2 = state_count >= 2 ? zeros_like(p) : Tensor()});
    }
    check_disjoint(name_, parameters);
}

std::vector<Tensor> Optimizer::parameters() const {
    std::vector<Tensor> list;
    for (const auto& slot : slots_) list.push_back(slot.value);
    return list;
}

void Optimizer::step(const Tensor& skip) { prepare_step(skip)(); }

std::function<void()> Optimizer::prepare_step(const Tensor& skip) {
    const NoGrad guard;
    std::map<std::int64_t, Launch> all = launches();
    std::vector<std::size_t> updated;
    for (auto& [before, launch] : all) {
        const std::size_t first = launch.parameters[0];
        launch.coefficients = host_tensor(slots_[first].value.device(), [this, first] {
            return kernels::as_tensor(coefficients(updates_[first] + 1));
        });
        if (skip.defined()) kernels::set_skip(launch.coefficients, skip);
        updated.insert(updated.end(), launch.parameters.begin(), launch.parameters.end());
    }
    std::function<void()> count = [this, updated = std::move(updated)] {
        ++step_;
        for (const std::size_t i : updated) ++updates_[i];
    };
    return [this, all = std::move(all), count = std::move(count)]() mutable {
        host_work(std::move(count));
        for (const auto& [before, launch] : all)
            kernels::multi_tensor_update(update_, launch.coefficients, launch.tensors);
    };
}

std::map<std::int64_t, Optimizer::Launch> Optimizer::launches() {
    std::map<std::int64_t, Launch> all;
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        kernels::UpdateTensors slot = with_gradient(i);
        if (!slot.gradient.defined()) continue;
        Launch& launch = all[updates_[i]];
        launch.parameters.push_back(i);
        launch.tensors.push_back(std::move(slot));
    }
    return all;
}

// Parameter i with its gradient, contiguous and in memory that the update does not write; without
// one where there is none.
kernels::UpdateTensors Optimizer::with_gradient(std::size_t i) {
    follow(slots_[i]);
    kernels::UpdateTensors slot = slots_[i];
    slot.gradient = slot.value.grad();
    if (!slot.gradient.defined()) return slot;
    check(slot.gradient.device() == slot.value.device(), name_, "parameter ", i,
          " and its gradient are on different devices; got ", slot.value.device(), " and ",
          slot.gradient.device());
    check(state_count_ == 0 || slot.state1.dtype() == slot.value.dtype(), name_, "parameter ", i,
          " has changed its dtype since the optimiser was made; got ", describe(slot.value),
          "; expected ", describe(slot.state1), "; hint: make the optimiser after to()");
    slot.gradient = contiguous(slot.gradient);
    for (const Tensor* written : {&slot.value, &slot.state1, &slot.state2})
        if (written->defined() && overlap_of(*written, slot.gradient) != Overlap::none)
            slot.gradient = clone(slot.gradient);
    return slot;
}

void Optimizer::follow(kernels::UpdateTensors& slot) {
    for (Tensor* state : {&slot.state1, &slot.state2})
        if (state->defined()) *state = to(*state, slot.value.device());
}

void Optimizer::fill_state1(double value) {
    for (auto& slot : slots_) slot.state1.fill_(value);
}

void Optimizer::zero_grad() {
    for (const auto& slot : slots_)
        if (slot.value.requires_grad()) slot.value.set_grad(Tensor());
}

void Optimizer::set_learning_rate(double lr) {
    check(std::isfinite(lr) && lr >= 0, name_, "bad learning rate; got ", lr,
          "; expected a number >= 0");
    lr_ = lr;
}

NamedTensors Optimizer::state_dict() const {
    const std::vector<std::int64_t> step{step_};
    NamedTensors out{
        {"step", from_span(std::span(step), {})},
        {"updates", from_span(std::span(updates_), {static_cast<std::int64_t>(updates_.size())})}};
    for (std::size_t i = 0; i < slots_.size(); ++i) {
        if (state_count_ >= 1) out.emplace_back(str(i, ".state1"), slots_[i].state1);
        if (state_count_ >= 2) out.emplace_back(str(i, ".state2"), slots_[i].state2);
    }
    return out;
}

void Optimizer::load_state_dict(const NamedTensors& state) {
    NamedTensors targets = state_dict();  // the state tensors themselves, but copies of the counts
    copy_by_name(name_, targets, state);
    step_ = *targets[0].second.data<std::int64_t>();
    const auto* updates = targets[1].second.data<std::int64_t>();
    updates_.assign(updates, updates + updates_.size());
}

}  // namespace eps::nn
