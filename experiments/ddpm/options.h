#pragma once
// The options of the family "ddpm", of a run and of sampling from one: one table each for --help,
// config.json and the struct.
#include <string>
#include <vector>

#include "experiments/run/run_settings.h"
#include "models/ddpm/mlp.h"
#include "models/ddpm/objective.h"
#include "models/ddpm/sampler.h"
#include "models/ddpm/unet.h"

namespace eps::models::ddpm {

/// Settings{} are those of a density in the plane.
struct Settings : RunSettings {
    std::string data = "grid25";
    std::string data_dir;
    std::string schedule = "linear";
    std::int64_t timesteps = 1000;  // T
    Prediction prediction = Prediction::noise;
    LossOptions loss;
    bool importance = false;  // importance sampling of t
    bool conditional = false;
    double class_dropout = 0;
    std::int64_t width = 128;
    std::int64_t blocks = 3;
    std::vector<std::int64_t> levels;        // multiples of the width, U-Net only
    std::vector<std::int64_t> attention_at;  // image sizes, U-Net only
    std::int64_t groups = 0;                 // groups of each group norm, U-Net only
    double dropout = 0;
    std::int64_t batch = 512;
    std::int64_t parts = 1;  // that a batch is taken in
    double lr = 2e-3;
    std::string lr_decay = "linear";
    double grad_clip = 1;                                  // 0: none
    double ema = 0.999;                                    // 0: none
    SamplerOptions sampler{.name = "dpm++", .steps = 50};  // for pictures and metrics

    // These follow from the ones above; of() sets them, and loss.variance and loss.decoder.
    bool images = false;       // otherwise a density in the plane
    std::int64_t classes = 0;  // 0: unconditional
    MlpOptions mlp;            // for the plane
    UNetOptions unet;          // for images

    static const std::vector<Field<Settings>>& fields();
    /// From a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

/// The config of a new run: `given` with the default of every option that it lacks, some of which
/// follow from the data and from other options. Throws where options do not go together.
Config complete(const Config& given);

/// How samples are drawn from a trained model.
struct Sampling {
    SamplerOptions sampler;
    double guidance = 0;           // weight of classifier-free guidance; 0: the conditional model
    std::int64_t only_class = -1;  // the class of all samples; -1: the classes in turn
    std::int64_t at_once = 128;    // samples in one pass: bounds memory, changes no result

    Sampling() = default;
    /// As the run has it.
    explicit Sampling(const Settings& settings) : sampler(settings.sampler) {}
    /// The same with the sampling options that are given. Throws where they do not go together with
    /// each other or with the run.
    Sampling(const Settings& settings, const Config& given);

    static const std::vector<Field<Sampling>>& fields();
};

}  // namespace eps::models::ddpm
