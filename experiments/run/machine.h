#pragma once
// On what a run computes, and how: the options "device" and "precision" of every run.
#include "experiments/run/option.h"
#include "nn/optim/grad_scaler.h"
#include "tensor/runtime/precision.h"

namespace eps::models {

std::vector<Option> machine_options();
/// Throws DeviceUnavailable, saying why, where the machine has no such device.
Device device_of(const Config& config);
/// Throws where the run's device computes in f32 alone.
Precision precision_of(const Config& config);
/// Enabled where factors of products are f16.
nn::GradScalerOptions loss_scaling_of(const Config& config);

}  // namespace eps::models
