#pragma once
// The family "ddpm" of the program.
#include "experiments/run/family.h"

namespace eps::models {

Family ddpm_family();

}  // namespace eps::models
