#pragma once
// The options of the family "ddpm": how the command line and config.json know them, and the same as
// structs, checked for what goes together.
#include <cstdint>
#include <string>
#include <vector>

#include "models/ddpm/mlp.h"
#include "models/ddpm/objective.h"
#include "models/ddpm/sampler.h"
#include "models/ddpm/unet.h"
#include "experiments/run/option.h"
#include "nn/optim/grad_scaler.h"

namespace eps::models::ddpm {

/// Of a run.
std::vector<Option> options();
/// Of drawing samples from one.
std::vector<Option> sample_options();

struct Settings {
    std::string data, data_dir;
    bool images;  // otherwise a toy of the plane
    std::string schedule;
    std::int64_t timesteps;  // T
    Prediction prediction;
    LossOptions loss;      // with the variance of the reverse steps and the decoder
    bool importance;       // in drawing t
    std::int64_t classes;  // 0: unconditional
    double class_dropout;
    MlpOptions mlp;             // of toys
    UNetOptions unet;           // of images
    std::int64_t batch, parts;  // parts a batch is taken in
    double lr;
    std::string lr_decay;
    double grad_clip;        // 0: none
    double ema;              // 0: none
    SamplerOptions sampler;  // of pictures and metrics
    std::int64_t steps;
    std::uint64_t seed;
    Device device;
    nn::GradScalerOptions loss_scaling;

    /// Of a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

struct Sampling {
    SamplerOptions sampler;
    // of classifier-free guidance; 0: the conditional model alone
    double guidance = 0;
    std::int64_t only_class = -1;  // of every sample; -1: the classes in turn
    // samples in one pass: bounds memory, and no result depends on it
    std::int64_t at_once = 128;

    /// As the run has it.
    explicit Sampling(const Settings& settings);
    /// The same with the sample options that are given in place of the run's. Throws as above.
    Sampling(const Settings& settings, const Config& given);
};

}  // namespace eps::models::ddpm
