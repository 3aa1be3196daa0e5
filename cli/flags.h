#pragma once
// Options as flags of the command line, through CLI11.
#include <deque>
#include <string>

#include "experiments/run/family.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace eps::cli {

/// Options of a model family as flags of a command, with the values that they are parsed into.
class OptionFlags {
public:
    void add(CLI::App& command, const models::Option& option, const std::string& group);
    bool has(const std::string& name) const;
    bool is_given(const std::string& name) const;

    /// Sets the options that were given.
    void set_given(models::Config& config) const;
    /// Sets the others, too, to their defaults, but for derived ones.
    void set_all(models::Config& config) const;

private:
    struct Entry {
        models::Option option;
        models::Value value;
        CLI::Option* flag;
    };
    std::deque<Entry> entries_;  // CLI11 points at the values: a deque does not move them
};

/// A whole number with bounds, and a number with bounds.
CLI::Option* add_count(CLI::App& command, const std::string& name, std::int64_t& value,
                       const std::string& help, double least, double most);
CLI::Option* add_real(CLI::App& command, const std::string& name, double& value,
                      const std::string& help, double least, double most);
void add_seed(CLI::App& command, std::int64_t& seed, const std::string& help);
void add_threads(CLI::App& command, std::int64_t& threads);
void add_device(CLI::App& command, std::string& device, const std::string& help);
void add_accept_edited(CLI::App& command, models::EditedConfig& edited);
void add_quiet(CLI::App& command, bool& quiet);

}  // namespace eps::cli
