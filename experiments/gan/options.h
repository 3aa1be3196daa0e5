#pragma once
// The options of the family "gan": how the command line and config.json know them, and the same as
// a struct, checked for what goes together.
#include <cstdint>
#include <string>
#include <vector>

#include "models/gan/network.h"
#include "models/gan/objective.h"
#include "models/gan/penalty.h"
#include "experiments/run/option.h"
#include "nn/optim/grad_scaler.h"

namespace eps::models::gan {

std::vector<Option> options();

struct Settings {
    std::string data, data_dir, net;
    bool images;  // otherwise a toy of the plane
    NetworkOptions network;
    const Objective* objective;
    std::int64_t discriminator_steps;  // k
    const Penalty* penalty;            // null: none
    double penalty_weight, label_smoothing;
    // at step 0; falls in a line to 0 at step instance_noise_steps
    double instance_noise;
    std::int64_t instance_noise_steps;
    std::int64_t unrolled_steps;
    std::int64_t batch;
    std::string optimizer;
    double lr, lr_d, beta1, beta2;
    bool decays;  // both learning rates, in a line to 0 at step `steps`
    double ema;   // 0: none
    std::int64_t steps, log_every, picture_every;
    std::uint64_t seed;
    Device device;
    nn::GradScalerOptions loss_scaling;

    /// Of a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

}  // namespace eps::models::gan
