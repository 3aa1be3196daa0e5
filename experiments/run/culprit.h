#pragma once
// Which op the first NaN or infinity came from, once a loss is not finite.
#include <atomic>
#include <string>

#include "experiments/run/run_folder.h"

namespace eps::models {

/// Does the steps from the run's checkpoint (or from its beginning) up to `step` once more, in
/// anomaly mode, with a task of its own: steps are functions of the state alone, so what went wrong
/// goes wrong again. -> "matmul: its backward made a NaN ..." at step n; empty if nothing did, if
/// the family is none the program knows, or if `stop` was set meanwhile.
std::string find_culprit(const RunFolder& run, std::int64_t step, const std::atomic<int>& stop);

}  // namespace eps::models
