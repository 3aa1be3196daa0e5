#pragma once
// The step of a task as its device runs it: called on the CPU, captured on a GPU.
#include <functional>
#include <string>
#include <vector>

#include "experiments/run/task.h"
#include "nn/optim/grad_scaler.h"
#include "tensor/capture/host_input.h"
#include "tensor/capture/captured_step.h"

namespace eps::models {

/// Appends "loss_scale", after `prefix`, to what a step shows, where its losses are scaled.
void append_scale(NamedTensors& scalars, const std::string& prefix, const nn::GradScaler& scaler);
/// Without that number of gradients where it is not finite and scaled losses may overflow: of a
/// step that was skipped.
void drop_skipped(Scalars& scalars, const std::string& name, const nn::GradScaler& scaler);

class TaskStep {
public:
    /// body: one step; it returns numbers to show, tensors of any shape. What it refers to must
    /// outlive this.
    TaskStep(Device device, std::function<NamedTensors()> body);

    /// One step. Its numbers in row-major order, those of a tensor of more than one element under
    /// its name and their place: "loss_t0". They come to the host in one copy, the only time that a
    /// step waits for the device.
    Scalars operator()();
    /// For what changes what the body does, not only with which numbers.
    void forget() { step_.forget(); }
    /// That the step is not captured, and why; once.
    std::vector<std::string> notes();

private:
    Tensor packed();

    std::function<NamedTensors()> body_;
    std::vector<std::string> names_;
    Step step_;
    bool noted_ = false;
};

}  // namespace eps::models
