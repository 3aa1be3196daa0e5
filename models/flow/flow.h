#pragma once
// The family "flow" of the program.
#include "models/training/task.h"

namespace eps::models {

Family flow_family();

}  // namespace eps::models
