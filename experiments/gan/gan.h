#pragma once
// The family "gan" of the program.
#include "experiments/run/family.h"

namespace eps::models {

Family gan_family();

}  // namespace eps::models
