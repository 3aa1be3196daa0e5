#pragma once
// Errors of the command line, in sentences that say what was probably meant.
#include <string>
#include <vector>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace eps::cli {

std::vector<std::string> names_of_commands(const CLI::App& app);

/// Throws a UsageError of the innermost command that was parsed; it ends with "see ... --help".
[[noreturn]] void usage_error(CLI::App& app, const std::string& sentence);
/// Says in our words what CLI11 could not parse.
[[noreturn]] void usage_error(CLI::App& app, const CLI::ParseError& error);

}  // namespace eps::cli
