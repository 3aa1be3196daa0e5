#pragma once
// Tensors by name: the form in which modules, optimisers and averages hand their state to a
// checkpoint and read it back.
#include <vector>

#include "tensor/tensor.h"

namespace eps::nn {

struct TargetAndSource {
    Tensor target, source;
};
/// Each target with the tensor of `state` that has its name, in the order of the targets.
/// Throws: as copy_by_name.
std::vector<TargetAndSource> match_by_name(const char* op, const NamedTensors& targets,
                                           const NamedTensors& state);

/// Copies `state` into `targets` by name, in any order and from any device. `op` names the caller
/// in errors.
/// Throws: naming every missing, unknown or repeated name and every shape or dtype that differs;
/// then nothing was written.
void copy_by_name(const char* op, const NamedTensors& targets, const NamedTensors& state);

}  // namespace eps::nn
