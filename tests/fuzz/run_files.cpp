// The files of a run's folder.
#include "experiments/run/checkpoint.h"
#include "experiments/run/config.h"
#include "experiments/run/metrics_log.h"
#include "tests/experiments/toy_task.h"
#include "tests/fuzz/target.h"

namespace eps::fuzz {

void fuzz_config(Bytes bytes) {
    const MemoryFile file(bytes);
    models::Config first;
    if (!reads([&] { first = models::Config::read(file.path()); })) return;
    const MemoryFile copy({});
    first.write(copy.path());
    require(models::Config::read(copy.path()).entries() == first.entries(),
            "config: written and read again, the values differ");
}

void fuzz_metrics(Bytes bytes) {
    const MemoryFile file(bytes);
    std::optional<models::MetricsLine> last;
    if (!reads([&] { last = models::MetricsLog(file.path()).last(); })) return;
    std::int64_t step = last ? last->step : 0;
    reads([&] {
        models::MetricsLog log(file.path());
        const auto cut = log.cut(step);
        require(cut.has_value() == last.has_value(), "metrics: cut at the last step lost a line");
    });
}

void fuzz_checkpoint(Bytes bytes) {
    const MemoryFile file(bytes);
    reads([&] { models::checkpoint_info(file.path()); });
    test::ToyTask task;
    const std::vector<double> before = task.weights.to_vector();
    if (!reads([&] { models::load_checkpoint(file.path(), "toy", task); }))
        require(task.weights.to_vector() == before,
                "checkpoint: a file that was refused changed the task");
}

}  // namespace eps::fuzz
