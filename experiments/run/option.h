#pragma once
// One option of a run, as the command line and config.json know it, and the check of its value.
#include <limits>
#include <string>
#include <vector>

#include "experiments/run/config.h"

namespace eps::models {

/// One option of a family, as the command line and config.json know it.
struct Option {
    std::string name;  // "latent" is --latent
    Value fallback;    // its type is the option's type
    std::string help;
    std::vector<std::string> choices = {};                    // for text
    double least = -std::numeric_limits<double>::infinity();  // for numbers
    double most = std::numeric_limits<double>::infinity();
    // for text whose choices only say what it looks like
    bool (*accepts)(const std::string& text) = nullptr;
    // where it is not given, Family::complete finds it; the fallback tells no more than the type
    bool derived = false;
};

/// The value in the option's own type: a whole number becomes a double where one is asked for.
/// Throws, naming the option and the source, if it is of another type, none of the choices, or out
/// of range.
Value check_value(const Option& option, const Value& value, const std::string& source);
/// The config with every value checked, "family" apart. Throws on options that are missing and on
/// keys that are none.
Config check_config(const Config& config, const std::vector<Option>& options);

}  // namespace eps::models
