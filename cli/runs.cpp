#include "cli/runs.h"

#include "cli/arguments.h"
#include "cli/text.h"
#include "tensor/names.h"
#include "experiments/run/checkpoint.h"
#include "experiments/run/trainer.h"

namespace eps::cli {

std::vector<models::Option> options_of(const models::Family& family) {
    std::vector<models::Option> options = models::run_options();
    options.insert(options.end(), family.options.begin(), family.options.end());
    return options;
}

std::unique_ptr<models::Task> make_task(const models::Config& config) {
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

namespace {

// The options that are given, in the types of the family that they must be of.
models::Config checked(const models::Config& sampling, const models::Family& family) {
    models::Config config;
    for (const auto& [key, value] : sampling.entries()) {
        std::vector<std::string> known;
        const models::Option* option = nullptr;
        for (const models::Option& each : family.sample_options) {
            known.push_back("--" + each.name);
            if (each.name == key) option = &each;
        }
        check(option != nullptr, "eps", "a run of ", family.name, " has no --", key,
              known.empty() ? "; it has no options of sampling" : "; expected one of: ",
              listed(known));
        config.set(key, models::check_value(*option, value, sampling.source()));
    }
    return config;
}

}  // namespace

TrainedRun open_trained(const std::string& path, const std::string& command,
                        const models::Config& sampling, const std::string& device) {
    models::RunFolder folder = models::RunFolder::open(path);
    const models::Family& family = models::family(folder.config());
    models::Config config = models::check_config(folder.config(), options_of(family));
    if (!device.empty()) config.set("device", device);
    folder.set_config(std::move(config));
    prepare_machine(folder.config());
    const models::Config given = as_usage(command, [&] { return checked(sampling, family); });
    const std::string found =
        folder.has_checkpoint() ? models::checkpoint_info(folder.checkpoint_file().string()).family
                                : family.name;
    as_usage(command, [&] {
        check(found == family.name, "eps", "'", path, "' is a run of ", family.name,
              ", but its checkpoint is of '", found, "'");
    });
    std::unique_ptr<models::Task> task = make_task(folder.config());
    if (!given.entries().empty()) as_usage(command, [&] { task->set_sampling(given); });
    const std::int64_t step = folder.require_checkpoint(*task);
    return {std::move(folder), std::move(task), step};
}

}  // namespace eps::cli
