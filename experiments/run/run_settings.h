#pragma once
// The settings of every run, whatever its family: how long it trains, what it writes on the way,
// and on which device it computes. The families' Settings derive from them.
#include <vector>

#include "experiments/run/bounds.h"
#include "experiments/run/field.h"
#include "nn/optim/grad_scaler.h"
#include "tensor/runtime/precision.h"

namespace eps::models {

struct RunSettings {
    std::uint64_t seed = 0;
    std::int64_t steps = 20000;            // in all; 0: no limit
    double minutes = 0;                    // minutes of training, over all sessions; 0: no limit
    std::int64_t log_every = 100;          // steps between lines of metrics.jsonl
    std::int64_t picture_every = 1000;     // steps between pictures; 0: at the end only
    std::int64_t checkpoint_every = 1000;  // steps between checkpoints; 0: at the end only
    std::string device_name = "auto";      // "auto", "cpu", "cuda" or "cuda:N"
    Precision precision = Precision::f32;  // precision of matrix products on a GPU

    // These two follow from the device's name and the precision: see resolve_device.
    Device device = cpu;
    nn::GradScalerOptions loss_scaling;  // enabled where factors of products are f16
};

const std::vector<Field<RunSettings>>& run_fields();
/// The options of every run, as the command line and config.json know them.
std::vector<Option> run_options();
/// The settings of every run in a config, with their device. Throws, naming option and source, on
/// missing options and values that are not allowed; and DeviceUnavailable where the machine has no
/// such device.
RunSettings run_settings_of(const Config& config);
/// Finds the device of that name. Throws DeviceUnavailable, saying why, where the machine has none,
/// and an Error where the device computes in f32 alone and another precision is asked for.
void resolve_device(RunSettings& settings);

/// Throws if the learning rate decays to the end of a run that has no end.
void check_decay(const char* op, const std::string& decay, std::int64_t steps);

/// `settings`, but for the options that the config has.
template <class S> S overridden(S settings, const Config& config) {
    read(static_cast<RunSettings&>(settings), run_fields(), config);
    read(settings, S::fields(), config);
    return settings;
}
/// The settings of a family from a complete config, with their device. Throws on missing, unknown
/// and wrong options.
template <class S> S settings_from(const Config& config) {
    std::vector<Option> options = run_options();
    for (const Option& option : options_of(S::fields())) options.push_back(option);
    check_config(config, options);
    S settings = overridden(S{}, config);
    resolve_device(settings);
    return settings;
}
/// The config with the options that it lacks as they are in `settings`.
template <class S> Config completed(Config config, const S& settings) {
    for (const auto& field : S::fields())
        if (!config.has(field.option.name)) config.set(field.option.name, field.get(settings));
    return config;
}

/// Fields that several families have.
template <class S> Field<S> data_dir_field() {
    return field("data-dir", &S::data_dir, "folder with the four files of an image data set");
}
template <class S> Field<S> accumulate_field() {
    return field("accumulate", &S::parts,
                 "parts a batch is taken in, with their gradients added up: less memory, the same "
                 "step")
        .between(1, most::batch);
}
template <class S> Field<S> lr_decay_field() {
    return field("lr-decay", &S::lr_decay, "decay of the learning rate to 0 at the last step")
        .one_of({"linear", "cosine", "none"});
}
template <class S> Field<S> ema_field(std::string use) {
    return field("ema", &S::ema,
                 "decay of the average of the weights that " + use +
                     ", lower in the first steps; 0: no average")
        .between(0, 0.9999999);
}

}  // namespace eps::models
