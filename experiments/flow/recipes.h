#pragma once
// What the options of a new run are where nobody says: recipes by flow and target, one table.
#include "experiments/run/config.h"

namespace eps::models::flow {

/// The config with every derived option in it: those that are given stay. Throws where options do
/// not go together.
Config complete(const Config& given);

}  // namespace eps::models::flow
