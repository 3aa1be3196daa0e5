#pragma once
// The options of the family "vae": how the command line and config.json know them, and the same as
// a struct, checked for what goes together.
#include <cstdint>
#include <string>
#include <vector>

#include "experiments/run/option.h"
#include "models/vae/network.h"
#include "nn/optim/grad_scaler.h"

namespace eps::models::vae {

std::vector<Option> options();

/// What the model is shown of an image: values 0 and 1 drawn anew each time with the greys as
/// probabilities, drawn once, or the greys.
enum class Pixels { dynamic, fixed, grey };

struct Settings {
    std::string data, data_dir;
    Pixels pixels;
    NetworkOptions network;
    double beta;                      // weight of the KL
    std::int64_t anneal;              // steps over which log p(x, z) gains its weight; 0: none
    std::int64_t importance_samples;  // of the training bound
    std::int64_t eval_samples;        // of the bound that is reported
    std::int64_t batch, parts;        // parts a batch is taken in
    double lr;
    std::string lr_decay;
    std::int64_t steps;
    std::uint64_t seed;
    Device device;
    nn::GradScalerOptions loss_scaling;

    bool gaussian() const { return network.decoder == Decoder::gaussian; }
    /// Of a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

}  // namespace eps::models::vae
