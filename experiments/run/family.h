#pragma once
// What the program knows of a model family: its options, and how a Task is made from them.
#include <memory>
#include <string>
#include <vector>

#include "experiments/run/option.h"

namespace eps::models {

class Task;

struct Family {
    std::string name;     // "vae"
    std::string summary;  // one line of --help
    std::vector<Option> options;
    std::unique_ptr<Task> (*make)(const Config& config);
    /// Adds the derived options that a new run does not give, from those it gives, and throws where
    /// these do not go together. Null: none is derived.
    Config (*complete)(const Config& given) = nullptr;
    /// What `eps sample` and `eps eval` may be told about the way to draw samples; derived ones are
    /// the run's where they are not given.
    std::vector<Option> sample_options = {};
};

/// Every family the program knows, in the order of --help.
const std::vector<Family>& families();
/// The one that config["family"] names. Throws, listing the names, for an unknown one.
const Family& family(const Config& config);

}  // namespace eps::models
