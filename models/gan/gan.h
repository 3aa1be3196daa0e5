#pragma once
// The family "gan" of the program.
#include "models/training/task.h"

namespace eps::models {

Family gan_family();

}  // namespace eps::models
