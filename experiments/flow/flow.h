#pragma once
// The family "flow" of the program.
#include "experiments/run/family.h"

namespace eps::models {

Family flow_family();

}  // namespace eps::models
