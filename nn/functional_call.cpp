#include "nn/functional_call.h"

#include <unordered_map>
#include <unordered_set>

#include "autograd/engine.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {
namespace {

using Members = std::vector<std::pair<std::string, Tensor*>>;

// The replacement of each tensor. The key is the tensor itself, because tied names share it.
std::unordered_map<const TensorImpl*, Tensor> replacements(const Members& members,
                                                           const NamedTensors& tensors) {
    std::unordered_map<std::string, const Tensor*> by_name;
    for (const auto& [name, member] : members) by_name.emplace(name, member);
    std::unordered_map<const TensorImpl*, Tensor> out;
    for (const auto& [name, tensor] : tensors) {
        const auto found = by_name.find(name);
        check(found != by_name.end(), "functional_call",
              "the module has no parameter or buffer of that name; got \"", name, "\"");
        const Tensor& own = *found->second;
        check(tensor.defined(), "functional_call", "a tensor is undefined; got \"", name, "\"");
        check(tensor.shape() == own.shape() && tensor.dtype() == own.dtype() &&
                  tensor.device() == own.device(),
              "functional_call", "a tensor does not fit; got \"", name, "\" ", describe(tensor),
              "; expected ", describe(own));
        const auto [entry, is_new] = out.emplace(own.impl(), tensor);
        check(is_new || entry->second.same_as(tensor), "functional_call",
              "two tensors for one; got \"", name,
              "\", which was given before, or is tied to one that was");
    }
    return out;
}

}  // namespace

FunctionalScope::FunctionalScope(Module& module, const NamedTensors& tensors) {
    const Members members = module.members();
    const auto wanted = replacements(members, tensors);
    // A module that is registered twice lists its members twice.
    std::unordered_set<const Tensor*> seen;
    for (const auto& [name, member] : members) {
        const auto found = wanted.find(member->impl());
        if (found != wanted.end() && seen.insert(member).second)
            before_.emplace_back(member, found->second);
    }
    for (auto& [member, tensor] : before_) std::swap(*member, tensor);
}

FunctionalScope::~FunctionalScope() {
    for (auto& [member, tensor] : before_) std::swap(*member, tensor);
}

Tensor functional_call(Module& module, const NamedTensors& tensors, const Tensor& x) {
    const FunctionalScope scope(module, tensors);
    return module(x);
}

NamedTensors detached_state(const Module& module) {
    NamedTensors out;
    for (const auto& [name, parameter] : module.named_parameters())
        out.emplace_back(name, detach(parameter));
    std::unordered_set<const TensorImpl*> seen;
    for (const auto& [name, buffer] : module.named_buffers())
        if (seen.insert(buffer.impl()).second) out.emplace_back(name, clone(buffer));
    return out;
}

}  // namespace eps::nn
