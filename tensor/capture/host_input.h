#pragma once
// What the host computes in the middle of a step's body: the coefficients of an optimiser, the
// count of an average, random numbers whose turn comes after others of the same generator. A
// captured step (tensor/capture/captured_step.h) repeats only what the device did, so it calls
// these functions' arguments before each replay, in their order; everywhere else they are called at
// once. What the arguments refer to must outlive the Step. Whatever is known before the step begins
// is simpler as an input of the Step.
#include <functional>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// The host tensor that make() returns, on `device`. In a captured step it keeps its address, and
/// each replay fills it anew.
Tensor host_tensor(Device device, std::function<Tensor()> make);
/// The same for several tensors that are made together.
std::vector<Tensor> host_tensors(Device device, std::function<std::vector<Tensor>()> make);
/// number() as a tensor of rank 0.
Tensor host_number(Options options, std::function<double()> number);
/// Calls work(), which changes nothing but the host's own memory.
void host_work(std::function<void()> work);

}  // namespace eps
