#pragma once
// The family "vae" of the program: options, training step, pictures and evaluation on image data.
#include "experiments/run/family.h"

namespace eps::models {

Family vae_family();

}  // namespace eps::models
