#pragma once
// What the host does in a training step, apart from the device: rows of a batch, the rate of a
// schedule, counts. A captured step (tensor/capture/captured_step.h) repeats what the device did
// and nothing else, so whatever the host computes anew in every step comes through these functions;
// elsewhere they call their argument where they stand. What the argument refers to must outlive the
// Step.
#include <functional>

#include "tensor/tensor.h"

namespace eps {

/// make()'s tensor, a host one, on `device`. In a captured step: a tensor that keeps its place,
/// filled before each replay.
Tensor host_tensor(Device device, std::function<Tensor()> make);
/// number() as a tensor of rank 0.
Tensor host_number(Options options, std::function<double()> number);
/// work(), which leaves its mark on the host alone.
void host_work(std::function<void()> work);

}  // namespace eps
