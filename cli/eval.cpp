// eval RUN: metrics on held-out data.
#include <unistd.h>

#include <algorithm>
#include <cmath>

#include "cli/commands.h"
#include "cli/runs.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "models/training/flat_json.h"
#include "tensor/parallel.h"

namespace eps::cli {
namespace {

std::string json_of(const TrainedRun& trained, const models::Scalars& metrics) {
    models::Fields fields{{"family", trained.folder.family()}, {"step", trained.step}};
    for (const auto& [name, value] : metrics) {
        const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
        fields.emplace_back(name, whole ? models::Value(static_cast<std::int64_t>(value)) : models::Value(value));
    }
    return models::to_json(fields, true) + "\n";
}

// "name  value ± standard error": a metric x_se belongs to x.
std::string table_of(const models::Scalars& metrics) {
    const std::string plus_minus = Terminal::of(STDOUT_FILENO).unicode ? " \u00b1 " : " +- ";
    const auto error_of = [&](const std::string& name) {
        return std::find_if(metrics.begin(), metrics.end(), [&](const auto& metric) { return metric.first == name + "_se"; });
    };
    Table table;
    for (const auto& [name, value] : metrics) {
        if (name.ends_with("_se")) continue;
        const auto error = error_of(name);
        table.row({name, significant(value, 6) + (error == metrics.end() ? "" : plus_minus + significant(error->second, 2))});
    }
    return table.to_string();
}

}  // namespace

int run(const EvalArguments& arguments) {
    if (arguments.threads > 0) set_num_threads(arguments.threads);
    const TrainedRun trained = open_trained(arguments.run);
    Generator generator(static_cast<std::uint64_t>(arguments.seed));
    talk(str("evaluating '", arguments.run, "', ", trained.folder.family(), " after ", trained.step, " steps\n"));
    const models::Scalars metrics = trained.task->evaluate(generator);
    print(arguments.json ? json_of(trained, metrics) : table_of(metrics));
    return exit_ok;
}

}  // namespace eps::cli
