// eps train: a new run, or a resumed one.
#include <unistd.h>

#include "cli/apng.h"
#include "cli/commands.h"
#include "cli/machine.h"
#include "cli/progress.h"
#include "cli/runs.h"
#include "cli/signals.h"
#include "cli/text.h"
#include "experiments/run/trainer.h"
#include "tensor/contract/kernels.h"
#include "tensor/runtime/parallel.h"

namespace eps::cli {
namespace {

models::RunFolder folder_of(const TrainArguments& arguments) {
    if (!arguments.resume) return models::RunFolder::create(arguments.run, arguments.config);
    models::RunFolder folder = models::RunFolder::resume(arguments.run, arguments.edited);
    models::Config config = checked_config(folder);
    if (arguments.steps) config.set("steps", *arguments.steps);
    if (arguments.minutes) config.set("minutes", *arguments.minutes);
    if (!arguments.device.empty()) config.set("device", arguments.device);
    folder.set_config(std::move(config));
    return folder;
}

// Wrong settings of a new run are a wrong command line; those of an existing run are an error of
// that run.
std::unique_ptr<models::Task> task_for(const TrainArguments& arguments,
                                       const models::Config& config) {
    const auto prepared = [&] {
        prepare_machine(config);
        return task_of(config);
    };
    if (arguments.resume) return prepared();
    return as_usage("eps train " + config.text("family"), prepared);
}

std::string counted(std::int64_t count, const char* noun) {
    return str(count, " ", noun, count == 1 ? "" : "s");
}

std::string machine_of(const models::Config& config) {
    const Device device = models::run_settings_of(config).device;
    return device.is_cuda() ? str(device, " (", kernels::cuda::device_summary(device.index), ")")
                            : counted(num_threads(), "thread");
}

std::string summary(const models::TrainResult& result, const models::RunFolder& folder) {
    const std::string resume =
        str(program_name(), " train --resume ", shell_quoted(folder.path().string()));
    if (result.end == models::TrainEnd::interrupted)
        return str("Stopped after step ", result.last_step, " and saved. To resume:\n  ", resume,
                   "\n");
    const std::string more = str("To train longer:\n  ", resume,
                                 result.end == models::TrainEnd::steps_done
                                     ? str(" --steps ", 2 * result.last_step)
                                     : str(" --minutes ", significant(2 * result.seconds / 60, 2)),
                                 "\n");
    if (result.first_step == result.last_step)
        return str("'", folder.path().string(),
                   "' is already trained: ", counted(result.last_step, "step"), " in ",
                   duration(result.seconds), ". ", more);
    return str("Trained ", counted(result.last_step, "step"), " in ", duration(result.seconds),
               ". Checkpoint and pictures are in '", folder.path().string(), "'.\n");
}

}  // namespace

int run(const TrainArguments& arguments) {
    const std::atomic<int>& stop = catch_stop_signals();
    use_threads(arguments.threads);
    models::RunFolder folder = folder_of(arguments);
    const std::unique_ptr<models::Task> task = task_for(arguments, folder.config());
    task->steps_per_epoch();  // reads the data, so that missing data are noticed at once
    const std::string title = str(folder.family(), " in '", folder.path().string(),
                                  "': ", counted(task->parameter_count(), "parameter"), ", ",
                                  machine_of(folder.config()));

    const models::TrainResult result = [&] {
        ProgressDisplay display(Terminal::of(STDERR_FILENO), arguments.quiet, title);
        return models::train(*task, folder, {.save = write_picture, .join = join_film}, display,
                             stop);
    }();
    const bool interrupted = result.end == models::TrainEnd::interrupted;
    if (!arguments.quiet || interrupted) talk(summary(result, folder));
    return interrupted ? 128 + stop.load() : exit_ok;
}

}  // namespace eps::cli
