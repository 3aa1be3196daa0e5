#pragma once
// The command line, parsed and checked: one struct for each command. Only arguments.cpp, flags.cpp,
// usage.cpp and help.cpp know CLI11.
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "experiments/run/config.h"
#include "tensor/error.h"

namespace eps::cli {

/// The command line is wrong: exit code 2.
class UsageError : public Error {
public:
    using Error::Error;
};

/// f(), with its errors as usage errors of a command. What the machine lacks stays Unavailable.
template <class F> auto as_usage(const std::string& command, const F& f) {
    try {
        return f();
    } catch (const Unavailable&) { throw; } catch (const Error& error) {
        throw UsageError(command, error.sentence());
    }
}

/// --help and --version: a text for stdout.
struct ShowText {
    std::string text;
};
struct TrainArguments {
    bool resume = false;
    std::string run;                    // folder
    models::Config config;              // the complete config of a new run
    std::optional<std::int64_t> steps;  // for --resume: replaces the value in config.json
    std::optional<double> minutes;      // the same
    std::string device;                 // the same, if it is not empty
    models::EditedConfig edited = models::EditedConfig::refused;  // for --resume
    std::int64_t threads = 0;                                     // 0: the library's default
    bool quiet = false;
};
struct SampleArguments {
    std::string run;
    std::string out;
    std::int64_t count = 64;
    std::int64_t seed = 0;
    models::Config sampling;  // sampling options of any family; open_run checks them
    std::string device;       // replaces the run's, if it is not empty
    models::EditedConfig edited = models::EditedConfig::refused;
    std::int64_t threads = 0;
};
struct EvalArguments {
    std::string run;
    std::int64_t seed = 0;
    models::Config sampling;
    std::string device;
    models::EditedConfig edited = models::EditedConfig::refused;
    std::int64_t threads = 0;
    bool json = false;
};
struct InfoArguments {
    std::string path;
    models::EditedConfig edited = models::EditedConfig::refused;
};
struct OpsArguments {
    bool json = false;
};
struct DoctorArguments {};

using Arguments = std::variant<ShowText, TrainArguments, SampleArguments, EvalArguments,
                               InfoArguments, OpsArguments, DoctorArguments>;

/// Throws UsageError, with the option or command that was probably meant.
Arguments parse_arguments(int argc, const char* const* argv);

}  // namespace eps::cli
