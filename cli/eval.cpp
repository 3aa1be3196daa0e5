// eval RUN: metrics on held-out data.
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/commands.h"
#include "cli/machine.h"
#include "cli/runs.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "experiments/run/flat_json.h"

namespace eps::cli {
namespace {

bool whole(double value) { return value == std::floor(value) && std::abs(value) < 1e15; }

std::string json_of(const TrainedRun& trained, const models::Scalars& metrics) {
    models::Fields fields{{"family", trained.folder.family()}, {"step", trained.step}};
    for (const auto& [name, value] : metrics)
        fields.emplace_back(name, whole(value) ? models::Value(static_cast<std::int64_t>(value))
                                               : models::Value(value));
    return models::to_json(fields, true) + "\n";
}

// "name  value ± standard error (floor ...)": metrics x_se and x_floor belong to x.
std::string table_of(const models::Scalars& metrics) {
    const std::string plus_minus = Terminal::of(STDOUT_FILENO).unicode ? " \u00b1 " : " +- ";
    const auto number = [](double value) {
        return whole(value) ? str(static_cast<std::int64_t>(value)) : significant(value, 6);
    };
    const auto find = [&](const std::string& name) {
        return std::find_if(metrics.begin(), metrics.end(),
                            [&](const auto& metric) { return metric.first == name; });
    };
    Table table;
    for (const auto& [name, value] : metrics) {
        if (name.ends_with("_se") || name.ends_with("_floor")) continue;
        std::string text = number(value);
        if (const auto error = find(name + "_se"); error != metrics.end())
            text += plus_minus + significant(error->second, 2);
        if (const auto floor = find(name + "_floor"); floor != metrics.end())
            text += " (floor " + number(floor->second) + ")";
        table.row({name, text});
    }
    return table.to_string();
}

}  // namespace

int run(const EvalArguments& arguments) {
    use_threads(arguments.threads);
    const TrainedRun trained =
        open_run(arguments.run, "eps eval", arguments.sampling, arguments.device, arguments.edited);
    Generator generator(static_cast<std::uint64_t>(arguments.seed));
    talk(str("evaluating '", arguments.run, "', ", trained.folder.family(), " after ", trained.step,
             " steps\n"));
    const models::Scalars metrics = trained.task->evaluate(generator);
    print(arguments.json ? json_of(trained, metrics) : table_of(metrics));
    return exit_ok;
}

}  // namespace eps::cli
