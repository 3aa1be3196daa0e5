#pragma once
// The command line, parsed and checked. arguments.cpp and help.cpp are the only files that know
// CLI11.
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

/// f(), whose errors are the user's, but for what the machine lacks: the same sentences, of a
/// command.
template <class F> auto as_usage(const std::string& command, const F& f) {
    try {
        return f();
    } catch (const Unavailable&) { throw; } catch (const Error& error) {
        throw UsageError(command, error.sentence());
    }
}

/// --help and --version: nothing but a text for stdout.
struct ShowText {
    std::string text;
};
struct TrainArguments {
    bool resume = false;
    std::string run;                    // the folder
    models::Config config;              // of a new run, complete
    std::optional<std::int64_t> steps;  // for --resume: in place of those in config.json
    std::optional<double> minutes;
    std::string device;  // here and below: in place of the run's where it is not empty
    int threads = 0;     // 0 means the library's default
    bool quiet = false;
};
struct SampleArguments {
    std::string run, out;
    std::int64_t count = 64, seed = 0;
    // options of some family, as they are given: open_trained says whether they are the run's
    models::Config sampling;
    std::string device;
    int threads = 0;
};
struct EvalArguments {
    std::string run;
    std::int64_t seed = 0;
    models::Config sampling;  // as above
    std::string device;
    int threads = 0;
    bool json = false;
};
struct InfoArguments {
    std::string path;
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
