#pragma once
// The search for the op that made the first NaN or infinity, after a loss was not finite.
#include <atomic>
#include <string>

#include "experiments/run/run_folder.h"

namespace eps::models {

/// Repeats the steps from the run's checkpoint (or from its beginning) up to `step` in anomaly
/// mode, with a new task: steps depend on the state alone, so what went wrong goes wrong again.
/// Returns: "matmul: its backward made a NaN ... at step n"; empty if the steps go well, if the
/// program does not know the family, or if `stop` is set meanwhile.
std::string find_non_finite(const RunFolder& run, std::int64_t step, const std::atomic<int>& stop);

}  // namespace eps::models
