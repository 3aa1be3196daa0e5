#pragma once
// The commands of eps, one .cpp each. A result goes to stdout, everything else to stderr; the
// return value is the exit code.
#include <string>

#include "cli/arguments.h"

namespace eps::cli {

// Besides, 128 + signal: 130 for Ctrl-C.
enum ExitCode { exit_ok = 0, exit_error = 1, exit_usage = 2, exit_unavailable = 3 };

int run(const ShowText& arguments);
int run(const TrainArguments& arguments);
int run(const SampleArguments& arguments);
int run(const EvalArguments& arguments);
int run(const InfoArguments& arguments);
int run(const OpsArguments& arguments);
int run(const DoctorArguments& arguments);

/// How this program was called, for commands that a message suggests: "eps", "./run eps".
void set_program_name(std::string name);
const std::string& program_name();

/// Parses the command line and runs the command. Turns every exception into one sentence on stderr
/// and an exit code.
int main_of(int argc, const char* const* argv);

}  // namespace eps::cli
