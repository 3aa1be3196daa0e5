#pragma once
// What the program knows of a model family: its options, and how a Task is made from them.
#include <memory>
#include <string>
#include <vector>

#include "experiments/run/option.h"
#include "experiments/run/task.h"

namespace eps::models {

struct Family {
    std::string name;     // "vae"
    std::string summary;  // one line of --help
    std::vector<Option> options;
    std::unique_ptr<Task> (*make)(const Config& config);
    /// Adds the derived options that a new run does not give. Throws where options do not go
    /// together.
    Config (*complete)(const Config& given);
    /// Options of `eps sample` and `eps eval`: how samples are drawn. Where a derived one is not
    /// given, it is the run's.
    std::vector<Option> sample_options = {};
};

/// For Family::make.
template <class T> std::unique_ptr<Task> make_task(const Config& config) {
    return std::make_unique<T>(config);
}

/// Every family the program knows, in the order of --help.
const std::vector<Family>& families();
/// The one that config["family"] names. Throws, listing the names, for an unknown one.
const Family& family(const Config& config);

}  // namespace eps::models
