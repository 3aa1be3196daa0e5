#pragma once
// A module run with other tensors in place of its own. This serves a derivative with respect to all
// parameters, an optimiser's step that is itself differentiated, and a network that must not learn.
// Handles are exchanged; no value is copied or written.
#include "nn/module.h"

namespace eps::nn {

/// Until the end of the scope, also by an exception, the named parameters and buffers of `module`
/// are `tensors`, leaves or not. Those that are not named stay. Every name of a tied tensor is
/// exchanged, whichever of its names is given. A function that is checkpointed in the module must
/// have its backward within the scope, because that runs the function once more.
/// Throws: on an unknown name, on a tensor whose shape, dtype or device differs, and on two tensors
/// for one; then nothing was changed.
class FunctionalScope {
public:
    FunctionalScope(Module& module, const NamedTensors& tensors);
    ~FunctionalScope();
    FunctionalScope(const FunctionalScope&) = delete;
    FunctionalScope& operator=(const FunctionalScope&) = delete;

private:
    std::vector<std::pair<Tensor*, Tensor>> before_;
};

/// module(x) with `tensors` in place of its own (torch.func.functional_call).
Tensor functional_call(Module& module, const NamedTensors& tensors, const Tensor& x);

/// The parameters of a module without their gradients (the same storage), then copies of its
/// buffers: with these in place a forward changes nothing of the module.
NamedTensors detached_state(const Module& module);

/// Until the end of the scope the module is a fixed function. Gradients pass through it, but none
/// is computed for its parameters, and those they have already stay. Running statistics and power
/// iterations advance in copies that are thrown away.
class Frozen : public FunctionalScope {
public:
    explicit Frozen(Module& module) : FunctionalScope(module, detached_state(module)) {}
};

}  // namespace eps::nn
