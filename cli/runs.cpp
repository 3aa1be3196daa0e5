#include "cli/runs.h"

#include <algorithm>

#include "cli/arguments.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "experiments/run/checkpoint.h"
#include "experiments/run/run_settings.h"
#include "tensor/names.h"

namespace eps::cli {
namespace {

std::vector<std::string> flags_of(const std::vector<models::Option>& options) {
    std::vector<std::string> flags;
    for (const models::Option& option : options) flags.push_back("--" + option.name);
    return flags;
}

// The sampling options that were given, in the types that the family's options have.
models::Config checked(const models::Config& sampling, const models::Family& family) {
    models::Config config;
    for (const auto& [key, value] : sampling.entries()) {
        const auto& options = family.sample_options;
        const auto option =
            std::find_if(options.begin(), options.end(),
                         [&name = key](const auto& each) { return each.name == name; });
        check(option != options.end(), "eps", "a run of ", family.name, " has no --", key,
              options.empty() ? "; it has no sampling options"
                              : "; expected one of: " + listed(flags_of(options)));
        config.set(key, models::check_value(*option, value, sampling.source()));
    }
    return config;
}

// The family of the checkpoint, or that of the settings if there is none yet.
std::string trained_family(const models::RunFolder& folder) {
    return folder.has_checkpoint() ? models::checkpoint_family(folder.checkpoint_file().string())
                                   : folder.family();
}

}  // namespace

models::Config checked_config(const models::RunFolder& folder) {
    std::vector<models::Option> options = models::run_options();
    for (const models::Option& option : models::family(folder.config()).options)
        options.push_back(option);
    return models::check_config(folder.config(), options);
}

std::unique_ptr<models::Task> task_of(const models::Config& config) {
    try {
        return models::family(config).make(config);
    } catch (const Unavailable&) { throw; } catch (const Error& error) {
        throw Error(error.op(),
                    error.sentence() + "; the settings are those of " + config.source());
    }
}

void prepare_machine(const models::Config& config) {
    set_precision(models::run_settings_of(config).precision);
}

TrainedRun open_run(const std::string& path, const std::string& command,
                    const models::Config& sampling, const std::string& device,
                    models::EditedConfig edited) {
    models::RunFolder folder = models::RunFolder::open(path, edited);
    models::Config config = checked_config(folder);
    if (!device.empty()) config.set("device", device);
    folder.set_config(std::move(config));
    prepare_machine(folder.config());
    const models::Family& family = models::family(folder.config());
    const models::Config given = as_usage(command, [&] { return checked(sampling, family); });
    // a broken checkpoint is an error of the run, one of another family a wrong folder
    const std::string found = trained_family(folder);
    as_usage(command, [&] {
        check(found == family.name, "eps", "'", path, "' is a run of ", family.name,
              ", but its checkpoint is of '", found, "'");
    });
    std::unique_ptr<models::Task> task = task_of(folder.config());
    if (!given.entries().empty()) as_usage(command, [&] { task->set_sampling(given); });
    const models::CheckpointInfo loaded = folder.require_checkpoint(*task);
    show_notes({folder.config_note(), loaded.note});
    return {std::move(folder), std::move(task), loaded.step};
}

void show_notes(const std::vector<std::string>& notes) {
    for (const std::string& note : notes)
        if (!note.empty()) talk("note: " + printable(note) + "\n");
}

}  // namespace eps::cli
