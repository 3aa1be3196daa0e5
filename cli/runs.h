#pragma once
// From a run folder to its model, for every command that needs one.
#include <memory>
#include <string>
#include <vector>

#include "experiments/run/family.h"
#include "experiments/run/run_folder.h"

namespace eps::cli {

/// The settings in a run folder, checked against the options of their family.
models::Config checked_config(const models::RunFolder& folder);

/// The task of a config. Errors about its settings name where these came from.
std::unique_ptr<models::Task> task_of(const models::Config& config);

/// Makes this program compute with the run's precision. Throws Unavailable where the machine lacks
/// the run's device.
void prepare_machine(const models::Config& config);

/// A trained model, ready for use.
struct TrainedRun {
    models::RunFolder folder;
    std::unique_ptr<models::Task> task;
    std::int64_t step;
};
/// Opens a run for a command that was given these sampling options, on this device or, if it is
/// empty, on the run's. Says on stderr what there is to know of the run's files. Throws UsageError
/// where the options are not those of the run's family, or do not go together.
TrainedRun open_run(const std::string& path, const std::string& command,
                    const models::Config& sampling, const std::string& device,
                    models::EditedConfig edited);

/// Says sentences on stderr, each on a line of its own; nothing for empty ones.
void show_notes(const std::vector<std::string>& notes);

}  // namespace eps::cli
