#include "cli/usage.h"

#include <CLI/CLI.hpp>

#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/text.h"
#include "tensor/names.h"

namespace eps::cli {
namespace {

CLI::App* innermost(CLI::App& app) {
    CLI::App* inner = &app;
    while (!inner->get_subcommands().empty()) inner = inner->get_subcommands().back();
    return inner;
}

[[noreturn]] void unknown_option(CLI::App& app, const std::string& word) {
    std::vector<std::string> known;
    for (const CLI::Option* option : innermost(app)->get_options())
        for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
    const std::string guess = closest(word.substr(0, word.find('=')), known);
    usage_error(app, "unknown option '" + word + "'" +
                         (guess.empty() ? "" : "; did you mean " + guess + "?"));
}

[[noreturn]] void unknown_word(CLI::App& app, const std::string& word) {
    const std::vector<std::string> commands = names_of_commands(*innermost(app));
    if (commands.empty()) usage_error(app, "unexpected argument '" + word + "'");
    const std::string guess = closest(word, commands);
    usage_error(app, "unknown command '" + word + "'; " +
                         (guess.empty() ? "expected one of: " + listed(commands)
                                        : "did you mean " + guess + "?"));
}

}  // namespace

std::vector<std::string> names_of_commands(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    return names;
}

void usage_error(CLI::App& app, const std::string& sentence) {
    const std::string command = command_of(innermost(app));
    throw UsageError(command, sentence + "; see " + command + " --help");
}

void usage_error(CLI::App& app, const CLI::ParseError& error) {
    if (const std::vector<std::string> unknown = app.remaining(true); !unknown.empty()) {
        const std::string& word = unknown.front();
        if (word.starts_with('-') && word != "-") unknown_option(app, word);
        unknown_word(app, word);
    }
    if (app.get_subcommands().empty())
        usage_error(app, "no command; expected one of: " + listed(names_of_commands(app)));
    // CLI11 says "--steps: 1 required N missing" of both.
    std::string sentence = error.what();
    if (error.get_name() == "ArgumentMismatch")
        sentence = sentence.substr(0, sentence.find(':')) + " takes one value, once";
    if (const std::string converted = "Could not convert: "; sentence.starts_with(converted))
        sentence = sentence.substr(converted.size()) + "; expected true or false";  // a flag
    usage_error(app, sentence);
}

}  // namespace eps::cli
