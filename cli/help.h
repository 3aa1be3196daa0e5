#pragma once
// The page that --help shows.
#include <memory>
#include <string>

namespace CLI {
class App;
class FormatterBase;
}  // namespace CLI

namespace eps::cli {

std::shared_ptr<CLI::FormatterBase> help_page();
/// "eps train vae"
std::string command_of(const CLI::App* app);

}  // namespace eps::cli
