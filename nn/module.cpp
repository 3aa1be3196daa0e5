#include "nn/module.h"

#include <algorithm>

#include "autograd/grad_mode.h"

namespace eps::nn {

Tensor Module::forward(const Tensor&) { fail("Module::forward", "this module is not a function of one tensor; hint: call its own functions"); }

template <class Visit>
void Module::walk(const std::string& prefix, const Visit& visit) const {
    visit(*this, prefix);
    for (const auto& [name, child] : children_) child->walk(prefix + name + ".", visit);
}

NamedTensors Module::named_parameters() const {
    NamedTensors named;
    walk("", [&](const Module& m, const std::string& prefix) {
        for (const auto& [name, tensor] : m.parameters_) named.emplace_back(prefix + name, *tensor);
    });
    return named;
}

NamedTensors Module::named_buffers() const {
    NamedTensors named;
    walk("", [&](const Module& m, const std::string& prefix) {
        for (const auto& [name, tensor] : m.buffers_) named.emplace_back(prefix + name, *tensor);
    });
    return named;
}

std::vector<Tensor> Module::parameters() const {
    std::vector<Tensor> tensors;
    for (auto& [name, tensor] : named_parameters()) tensors.push_back(tensor);
    return tensors;
}

std::int64_t Module::parameter_count() const {
    std::int64_t count = 0;
    for (const Tensor& p : parameters()) count += p.numel();
    return count;
}

NamedTensors Module::state_dict() const {
    NamedTensors state;
    walk("", [&](const Module& m, const std::string& prefix) {
        for (const auto& [name, tensor] : m.parameters_) state.emplace_back(prefix + name, *tensor);
        for (const auto& [name, tensor] : m.buffers_) state.emplace_back(prefix + name, *tensor);
    });
    return state;
}

void Module::load_state_dict(const NamedTensors& state) { copy_named("load_state_dict", state_dict(), state); }

void Module::train(bool on) {
    training_ = on;
    for (auto& [name, child] : children_) child->train(on);
}

void Module::zero_grad() {
    for (const Tensor& p : parameters())
        if (p.requires_grad()) p.set_grad({});
}

void Module::requires_grad_(bool required) {
    for (Tensor p : parameters()) p.requires_grad_(required);
}

Tensor& Module::add_parameter(std::string name, Tensor& value) {
    value.requires_grad_();
    parameters_.emplace_back(std::move(name), &value);
    return value;
}

Tensor& Module::add_buffer(std::string name, Tensor& value) {
    buffers_.emplace_back(std::move(name), &value);
    return value;
}

void Module::add(std::string name, Module& child) { children_.emplace_back(std::move(name), &child); }

void copy_named(const char* op, const NamedTensors& targets, const NamedTensors& sources) {
    const auto find = [](const NamedTensors& list, const std::string& name) {
        return std::find_if(list.begin(), list.end(), [&](const auto& entry) { return entry.first == name; });
    };
    std::string missing, unknown;
    for (const auto& [name, target] : targets) {
        const auto source = find(sources, name);
        if (source == sources.end()) missing += (missing.empty() ? "" : ", ") + name;
        else
            check(source->second.shape() == target.shape() && source->second.dtype() == target.dtype(), op, name, " does not match; got ",
                  describe(source->second), "; expected ", describe(target));
    }
    for (const auto& [name, source] : sources)
        if (find(targets, name) == targets.end()) unknown += (unknown.empty() ? "" : ", ") + name;
    check(missing.empty(), op, "names are missing: ", missing);
    check(unknown.empty(), op, "unknown names: ", unknown);
    NoGrad guard;
    for (auto [name, target] : targets) target.copy_(find(sources, name)->second);
}

}  // namespace eps::nn
