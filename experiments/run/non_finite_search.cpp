#include "experiments/run/non_finite_search.h"

#include "autograd/grad_mode.h"
#include "experiments/run/family.h"

namespace eps::models {
namespace {

// A new task at the checkpoint; null if it cannot be made.
std::unique_ptr<Task> replica(const RunFolder& run, std::int64_t& step) {
    try {
        std::unique_ptr<Task> task = family(run.config()).make(run.config());
        step = run.load_checkpoint(*task).step;
        return task;
    } catch (const Error&) { return nullptr; }
}

}  // namespace

std::string find_non_finite(const RunFolder& run, std::int64_t step, const std::atomic<int>& stop) {
    std::int64_t at = 0;
    const std::unique_ptr<Task> task = replica(run, at);
    // users of the program cannot change the source line
    const AnomalyMode guard(CallSites::forgotten);
    for (; task && at < step && stop.load(std::memory_order_relaxed) == 0; ++at) {
        try {
            task->step(at);
        } catch (const Error& error) { return str(error.what(), " at step ", at + 1); }
    }
    return "";
}

}  // namespace eps::models
