#include "experiments/run/run_settings.h"

#include "experiments/run/bounds.h"

namespace eps::models {

const std::vector<Field<RunSettings>>& run_fields() {
    using S = RunSettings;
    static const std::vector<Field<S>> fields{
        field("seed", &S::seed, "seed of all random numbers").at_least(0),
        field("steps", &S::steps, "total training steps; 0: no limit").between(0, most::steps),
        field("minutes", &S::minutes, "total training minutes; 0: no limit").at_least(0),
        field("log-every", &S::log_every, "steps between lines of metrics.jsonl")
            .between(1, most::steps),
        field("picture-every", &S::picture_every, "steps between pictures; 0: at the end only")
            .between(0, most::steps),
        field("checkpoint-every", &S::checkpoint_every,
              "steps between checkpoints; 0: at the end only")
            .between(0, most::steps),
        field("device", &S::device_name,
              "where to compute: auto (a GPU if there is one), cpu, cuda or cuda:N")
            .accepting(is_device_name, "auto, cpu, cuda or cuda:N"),
        choice("precision", &S::precision, choices_of(precision_names(), precision_named),
               "precision of matrix products on a GPU"),
    };
    return fields;
}

std::vector<Option> run_options() { return options_of(run_fields()); }

RunSettings run_settings_of(const Config& config) {
    RunSettings settings;
    read(settings, run_fields(), config);
    resolve_device(settings);
    return settings;
}

void resolve_device(RunSettings& s) {
    s.device = device_named(s.device_name);
    check(s.precision == Precision::f32 || s.device.is_cuda(), "config", "--precision ",
          name_of(s.precision), " is for GPUs; got --device ", s.device_name, ", which is ",
          s.device, " here; expected --precision f32");
    s.loss_scaling = {.enabled = s.precision == Precision::f16};
}

void check_decay(const char* op, const std::string& decay, std::int64_t steps) {
    check(decay == "none" || steps > 0, op, "--lr-decay ", decay,
          " ends with the run; got no --steps; expected --steps N, or --lr-decay none");
}

}  // namespace eps::models
