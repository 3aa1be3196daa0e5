#include "cli/runs.h"

#include "models/data/data_missing.h"
#include "models/training/trainer.h"

namespace eps::cli {

std::vector<models::Option> options_of(const models::Family& family) {
    std::vector<models::Option> options = models::run_options();
    options.insert(options.end(), family.options.begin(), family.options.end());
    return options;
}

std::unique_ptr<models::Task> make_task(const models::Config& config) {
    try {
        return models::family(config).make(config);
    } catch (const data::DataMissing&) {
        throw;
    } catch (const Error& error) {
        throw Error(error.op(), std::string(error.what()).substr(error.op().size() + 2) + "; the settings are those of " + config.source());
    }
}

TrainedRun open_trained(const std::string& path) {
    models::RunFolder folder = models::RunFolder::open(path);
    folder.set_config(models::check_config(folder.config(), options_of(models::family(folder.config()))));
    std::unique_ptr<models::Task> task = make_task(folder.config());
    const std::int64_t step = folder.require_checkpoint(*task);
    return {std::move(folder), std::move(task), step};
}

}  // namespace eps::cli
