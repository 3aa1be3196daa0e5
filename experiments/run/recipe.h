#pragma once
// Defaults that depend on other options: one table a family, resolved once, when a run begins.
#include <string>
#include <utility>
#include <vector>

#include "experiments/run/config.h"

namespace eps::models {

struct Recipe {
    // texts that the config must have; none: any config
    std::vector<std::pair<const char*, const char*>> where;
    std::vector<std::pair<const char*, Value>> values;
};

/// The values of the rows that fit, later rows before earlier ones: a table goes from the general
/// to the particular.
Config recipe_for(const Config& config, const std::vector<Recipe>& rows);
/// Adds what `config` lacks.
void add_missing(Config& config, const Config& values);

}  // namespace eps::models
