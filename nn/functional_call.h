#pragma once
// A module run with other tensors in place of its own: what a derivative with respect to all
// parameters, a step of an optimiser that is itself differentiated, or a network that must not
// learn is made of. The places are exchanged, no value is copied or written.
#include "nn/module.h"

namespace eps::nn {

/// Until the end of the scope the named parameters and buffers of `module` are `tensors`: of the
/// same shape, dtype and device, leaves or not. Places that are not named keep what they have; a
/// tied tensor has all its places exchanged, whichever of its names is given. Throws on an unknown
/// name, a tensor that does not fit, and two tensors for one; then nothing was changed. The scope
/// ends on an exception as well. A function that is checkpointed in the module must have its
/// backward within the scope: it runs once more there.
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

/// What a module computes with when nothing of it may change: its parameters without their
/// gradients (the same storage), then copies of its buffers.
NamedTensors detached_state(const Module& module);

/// Until the end of the scope the module is a fixed function: gradients pass through it and none of
/// its parameters gets or costs one, and running statistics and power iterations move copies that
/// are thrown away. Gradients that its parameters have already stay.
class Frozen : public FunctionalScope {
public:
    explicit Frozen(Module& module) : FunctionalScope(module, detached_state(module)) {}
};

}  // namespace eps::nn
