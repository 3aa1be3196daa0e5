#include "nn/module.h"

#include <algorithm>
#include <unordered_set>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "nn/parametrization.h"

namespace eps::nn {
namespace {

/// Gives x the contents of `data`. Every handle of x then reads them; x stays a leaf and loses its
/// gradient.
void replace_data(Tensor& x, const Tensor& data) {
    if (data.same_as(x)) return;
    const bool required = x.requires_grad();
    if (required) x.requires_grad_(false);
    TensorImpl& impl = *x.impl();
    impl.storage = data.impl()->storage;
    impl.offset = data.offset();
    impl.strides = data.strides();
    impl.dtype = data.dtype();
    if (required) x.requires_grad_();
}

}  // namespace

Module::Module() = default;
Module::~Module() = default;

Tensor Module::forward(const Tensor& x) {
    fail("forward", "this module has no forward of one tensor; got ", describe(x),
         "; hint: call the function its class declares");
}

template <class Visit> void Module::walk(const std::string& prefix, const Visit& visit) const {
    for (const auto& [name, tensor] : parameters_) visit(prefix + name, *tensor, true);
    for (const auto& [name, tensor] : buffers_) visit(prefix + name, *tensor, false);
    for (const auto& [name, child] : children_) child->walk(prefix + name + ".", visit);
}

std::vector<Tensor> Module::parameters() const {
    std::vector<Tensor> out;
    for (auto& [name, tensor] : named_parameters()) out.push_back(std::move(tensor));
    return out;
}

NamedTensors Module::named_parameters() const {
    NamedTensors out;
    std::unordered_set<const TensorImpl*> seen;
    walk("", [&](const std::string& name, const Tensor& tensor, bool is_parameter) {
        if (is_parameter && seen.insert(tensor.impl()).second) out.emplace_back(name, tensor);
    });
    return out;
}

NamedTensors Module::named_buffers() const {
    NamedTensors out;
    walk("", [&](const std::string& name, const Tensor& tensor, bool is_parameter) {
        if (!is_parameter) out.emplace_back(name, tensor);
    });
    return out;
}

std::int64_t Module::parameter_count() const {
    std::int64_t count = 0;
    for (const Tensor& p : parameters()) count += p.numel();
    return count;
}

NamedTensors Module::state_dict() const {
    NamedTensors out;
    walk("", [&](const std::string& name, const Tensor& tensor, bool) {
        out.emplace_back(name, tensor);
    });
    return out;
}

std::vector<Module*> Module::modules() {
    std::vector<Module*> out{this};
    for (std::size_t i = 0; i < out.size(); ++i)
        for (const auto& [name, child] : out[i]->children_)
            if (std::find(out.begin(), out.end(), child) == out.end()) out.push_back(child);
    return out;
}

std::vector<std::pair<std::string, Tensor*>> Module::members() const {
    std::vector<std::pair<std::string, Tensor*>> out;
    walk("",
         [&](const std::string& name, Tensor& tensor, bool) { out.emplace_back(name, &tensor); });
    return out;
}

void Module::load_state_dict(const NamedTensors& state) {
    copy_by_name("load_state_dict", state_dict(), state);
}

void Module::train(bool on) {
    training_ = on;
    for (auto& [name, child] : children_) child->train(on);
}

void Module::zero_grad() {
    for (const Tensor& p : parameters())
        if (p.requires_grad()) p.set_grad(Tensor());
}

void Module::requires_grad_(bool required) {
    for (Tensor& p : parameters()) p.requires_grad_(required);
}

void Module::to(Device device) {
    const NoGrad guard;
    walk("", [&](const std::string&, Tensor& x, bool) { replace_data(x, eps::to(x, device)); });
}

void Module::to(DType dtype) {
    check(dtype == f32 || dtype == f64, "to", "modules compute in f32 or f64; got ", dtype);
    const NoGrad guard;
    walk("", [&](const std::string&, Tensor& x, bool) {
        if (is_floating(x.dtype())) replace_data(x, eps::to(x, dtype));
    });
}

Tensor& Module::add_parameter(std::string name, Tensor& value) {
    check_name("add_parameter", name);
    check(value.defined(), "add_parameter", "the tensor is undefined; got the name ", name);
    value.requires_grad_();
    parameters_.emplace_back(std::move(name), &value);
    return value;
}

Tensor& Module::add_buffer(std::string name, Tensor& value) {
    check_name("add_buffer", name);
    check(value.defined(), "add_buffer", "the tensor is undefined; got the name ", name);
    check(!value.requires_grad(), "add_buffer", "buffers are not trained; got ", name,
          ", which requires a gradient; hint: add_parameter");
    buffers_.emplace_back(std::move(name), &value);
    return value;
}

Tensor& Module::add_weight(std::string name, Tensor& value, std::int64_t output_dim) {
    add_parameter(name, value);
    weights_.push_back({std::move(name), &value, output_dim, nullptr});
    return value;
}

Tensor Module::computed(const Tensor& weight) {
    for (const Weight& w : weights_)
        if (w.value == &weight && w.rule) return w.rule->value();
    return weight;
}

void Module::parametrize(const std::string& name, const MakeParametrization& make) {
    const auto weight = std::find_if(weights_.begin(), weights_.end(),
                                     [&](const Weight& w) { return w.name == name; });
    check(weight != weights_.end(), "parametrize", "this layer has no weight of that name; got \"",
          name, "\"; hint: give the layer itself (Linear, Conv2d, ..), not the module around it");
    check(!weight->rule, "parametrize", "a rule computes the weight already; got \"", name, "\"");
    const bool required = weight->value->requires_grad();
    auto rule = make ? make(*weight->value, weight->output_dim) : nullptr;
    check(rule != nullptr, "parametrize", "the rule is null; got the name \"", name, "\"");
    rule->train(training_);
    rule->requires_grad_(required);
    std::erase_if(parameters_, [&](const auto& entry) { return entry.first == name; });
    children_.emplace_back("parametrizations." + name, rule.get());
    weight->rule = std::move(rule);
}

void Module::add(std::string name, Module& child) {
    check_name("add", name);
    check(!child.contains(*this), "add", "a module cannot contain itself; got ", name);
    children_.emplace_back(std::move(name), &child);
}

void Module::check_name(const char* op, const std::string& name) const {
    check(!name.empty() && name.find('.') == std::string::npos, op,
          "a name must not be empty or contain a dot; got \"", name, "\"");
    const auto is_free = [&](const auto& list) {
        return std::none_of(list.begin(), list.end(),
                            [&](const auto& entry) { return entry.first == name; });
    };
    check(is_free(parameters_) && is_free(buffers_) && is_free(children_), op,
          "the name is taken; got ", name);
}

bool Module::contains(const Module& other) const {
    if (this == &other) return true;
    return std::any_of(children_.begin(), children_.end(),
                       [&](const auto& entry) { return entry.second->contains(other); });
}

}  // namespace eps::nn
