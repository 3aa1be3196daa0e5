#pragma once
// Tensors by name: what modules, optimisers and averages give to a checkpoint and take from one.
#include "tensor/tensor.h"

namespace eps::nn {

/// Copies `state` into `targets` by name, in any order and from any device. Throws Error naming
/// every missing, unknown or repeated name and every shape or dtype that differs; then nothing was
/// written. `op` names the caller in that error.
void copy_by_name(const char* op, const NamedTensors& targets, const NamedTensors& state);

}  // namespace eps::nn
