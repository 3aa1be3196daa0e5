#include "nn/functional_call.h"

#include <unordered_map>
#include <unordered_set>

#include "autograd/engine.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {
namespace {

using Places = std::vector<std::pair<std::string, Tensor*>>;

// The replacement of each tensor, by the tensor itself: tied names share it.
std::unordered_map<const TensorImpl*, Tensor> replacements(const Places& places,
                                                           const NamedTensors& tensors) {
    std::unordered_map<std::string, const Tensor*> by_name;
    for (const auto& [name, place] : places) by_name.emplace(name, place);
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
              "two tensors for one place; got \"", name,
              "\", which was given before, or is tied to one that was");
    }
    return out;
}

}  // namespace

FunctionalScope::FunctionalScope(Module& module, const NamedTensors& tensors) {
    const Places places = module.places();
    const auto wanted = replacements(places, tensors);
    // a module that is registered twice has its places twice
    std::unordered_set<const Tensor*> seen;
    for (const auto& [name, place] : places) {
        const auto found = wanted.find(place->impl());
        if (found != wanted.end() && seen.insert(place).second)
            before_.emplace_back(place, found->second);
    }
    for (auto& [place, tensor] : before_) std::swap(*place, tensor);
}

FunctionalScope::~FunctionalScope() {
    for (auto& [place, tensor] : before_) std::swap(*place, tensor);
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
