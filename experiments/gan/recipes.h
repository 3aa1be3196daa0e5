#pragma once
// What the options of a new run are where nobody says: recipes by data set and networks, one table.
#include "experiments/run/config.h"

namespace eps::models::gan {

/// The config with every derived option in it: those that are given stay. Throws where options do
/// not go together.
Config complete(const Config& given);

}  // namespace eps::models::gan
