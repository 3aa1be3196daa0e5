#pragma once
// The family "flow" of the program.
#include "experiments/run/task.h"

namespace eps::models {

Family flow_family();

}  // namespace eps::models
