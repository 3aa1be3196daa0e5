// eps sample: new pictures from a trained model.
#include <filesystem>

#include "cli/apng.h"
#include "cli/commands.h"
#include "cli/machine.h"
#include "cli/runs.h"
#include "cli/terminal.h"

namespace eps::cli {

int run(const SampleArguments& arguments) {
    use_threads(arguments.threads);
    const TrainedRun trained = open_run(arguments.run, "eps sample", arguments.sampling,
                                        arguments.device, arguments.edited);
    Generator generator(static_cast<std::uint64_t>(arguments.seed));
    const std::filesystem::path out = arguments.out;
    bool first = true;
    for (const models::Picture& picture : trained.task->sample(arguments.count, generator)) {
        std::filesystem::path file = out;
        if (!first)
            file.replace_filename(
                str(out.stem().string(), "-", picture.name, out.extension().string()));
        first = false;
        write_picture(file.string(), picture);
        print(file.string() + "\n");
    }
    return exit_ok;
}

}  // namespace eps::cli
