#pragma once
// One option of a run, as --help and config.json know it, and the check of its value.
#include <limits>
#include <string>
#include <vector>

#include "experiments/run/config.h"

namespace eps::models {

struct Option {
    std::string name;  // "latent" is --latent
    Value fallback;    // its type is the option's type
    std::string help;
    std::vector<std::string> choices = {};  // the texts that are allowed; none: any

    double least = -std::numeric_limits<double>::infinity();
    double most = std::numeric_limits<double>::infinity();

    // For texts that no list of choices can hold: whether one is allowed, and what an error says of
    // those that are ("whole numbers such as 1,2,2").
    bool (*accepts)(const std::string& text) = nullptr;
    std::string form = {};

    // A derived option that is not given gets its value from other options, by Family::complete.
    // The fallback then tells the type only, and --help shows `default_text` instead.
    bool derived = false;
    std::string default_text = {};
};

/// The value that a text stands for, in the option's own type. Whole numbers are decimal digits,
/// with "-" in front or not.
/// Throws, naming the option, what came and what was expected, if the text is no such value or is
/// beyond what 64 bits hold. The option's bounds and choices are for check_value().
Value value_from(const Option& option, const std::string& text);
/// The value in the option's own type: a whole number becomes a double where one is asked for.
/// Throws, naming the option and the source, if the value has another type, is none of the choices,
/// or is out of range.
Value check_value(const Option& option, const Value& value, const std::string& source);
/// The config with every value checked, "family" apart. Throws on missing and on unknown options.
Config check_config(const Config& config, const std::vector<Option>& options);

}  // namespace eps::models
