#pragma once
// The options of the family "gan": one table for --help, config.json and the struct.
#include <string>
#include <vector>

#include "experiments/run/run_settings.h"
#include "models/gan/network.h"
#include "models/gan/objective.h"
#include "models/gan/penalty.h"

namespace eps::models::gan {

/// Settings{} are those of a density in the plane without instance noise.
struct Settings : RunSettings {
    std::string data = "ring8";
    std::string data_dir;
    std::string net = "mlp";  // "mlp", "maxout" or "dcgan"
    NetworkOptions network{.noise = 2, .width = 128, .layers = 3, .norm = "none"};
    bool conditional = false;
    const Objective* objective = &gan::objective("non-saturating");
    std::int64_t discriminator_steps = 1;  // k
    const Penalty* penalty = nullptr;      // null: none
    double penalty_weight = 0;
    double label_smoothing = 0;
    double instance_noise = 0;  // at step 0; falls linearly to 0 at step instance_noise_steps
    std::int64_t instance_noise_steps = 0;
    std::int64_t unrolled_steps = 0;
    std::int64_t batch = 256;
    std::string optimizer = "adam";  // "adam" or "sgd"
    double lr = 1e-3;
    double lr_d = 0;  // D's rate; of() replaces 0 by lr
    double beta1 = 0.5;
    double beta2 = 0.999;
    bool decays = true;  // both learning rates, linearly to 0 at the last step
    double ema = 0.999;  // 0: none

    bool images = false;  // otherwise a density in the plane; follows from data, set by of()

    static const std::vector<Field<Settings>>& fields();
    /// From a complete config. Throws one sentence, with what is allowed, where options do not go
    /// together.
    static Settings of(const Config& config);
};

/// The config of a new run: `given` with the default of every option that it lacks, some of which
/// follow from the data, the networks and other options. Throws where options do not go together.
Config complete(const Config& given);

}  // namespace eps::models::gan
