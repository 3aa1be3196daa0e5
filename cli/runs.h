#pragma once
// From a run folder to its model, for every command that needs one.
#include <memory>
#include <string>

#include "experiments/run/family.h"
#include "experiments/run/run_folder.h"

namespace eps::cli {

/// The options of a run of this family: those of every run, then the family's own.
std::vector<models::Option> options_of(const models::Family& family);

/// The task of a checked config. Errors about the settings name where these came from.
std::unique_ptr<models::Task> make_task(const models::Config& config);

/// Makes this program compute with the run's precision. Throws Unavailable where the run's device
/// is not there.
void prepare_machine(const models::Config& config);

/// A trained model, ready to be used.
struct TrainedRun {
    models::RunFolder folder;
    std::unique_ptr<models::Task> task;
    std::int64_t step;
};
/// For the command that was given these options of sampling, on this device or, if it is empty, the
/// run's. Throws UsageError where the options are not those of the run's family, or do not go
/// together.
TrainedRun open_trained(const std::string& path, const std::string& command,
                        const models::Config& sampling, const std::string& device);

}  // namespace eps::cli
