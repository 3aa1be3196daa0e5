#pragma once
// The family "ddpm" of the program.
#include "models/training/task.h"

namespace eps::models {

Family ddpm_family();

}  // namespace eps::models
