// The help page of every command: unlike that of CLI11 it wraps lines and shows defaults in [].
#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/text.h"

namespace eps::cli {
namespace {

constexpr std::size_t kWidth = 80;   // columns of the page
constexpr std::size_t kColumn = 28;  // at which descriptions begin

class Help final : public CLI::Formatter {
public:
    std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
        std::string text = "Usage: " + command_of(app);
        const auto visible =
            app->get_options([](const CLI::Option* o) { return !o->get_group().empty(); });
        for (const CLI::Option* option : visible)
            if (option->get_positional() || option->get_required()) text += " " + label(option);
        const auto commands = app->get_subcommands({});
        if (!commands.empty()) text += " COMMAND";
        text += " [OPTIONS]\n\n" + wrapped(app->get_description(), 0, kWidth) + "\n";
        if (!commands.empty()) {
            text += "\nCommands:\n";
            for (const CLI::App* command : commands)
                text += entry(command->get_name(), command->get_description());
        }
        std::vector<std::string> groups = app->get_groups();
        // --help comes last
        std::stable_partition(groups.begin(), groups.end(),
                              [](const std::string& group) { return group != "Options"; });
        for (const std::string& group : groups) {
            const auto options = app->get_options(
                [&](const CLI::Option* o) { return !group.empty() && o->get_group() == group; });
            if (!options.empty()) text += "\n" + group + ":\n";
            for (const CLI::Option* option : options)
                text += entry(label(option), described(option));
        }
        return text + (app->get_footer().empty() ? "" : "\n" + app->get_footer() + "\n");
    }

private:
    static std::string label(const CLI::Option* option) {
        if (option->get_positional()) return option->get_name();
        std::string text;
        for (const std::string& name : option->get_snames()) text += "-" + name + ", ";
        text += "--" + option->get_lnames().front();
        return option->get_type_size() == 0 ? text : text + " " + option->get_type_name();
    }
    static std::string described(const CLI::Option* option) {
        const std::string& fallback = option->get_default_str();
        return option->get_description() + (fallback.empty() ? "" : " [" + fallback + "]");
    }
    static std::string entry(const std::string& name, const std::string& description) {
        std::string text = "  " + name;
        if (text.size() + 2 > kColumn)
            text += "\n" + std::string(kColumn, ' ');
        else
            text.append(kColumn - text.size(), ' ');
        return text + wrapped(description, kColumn, kWidth) + "\n";
    }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_page() { return std::make_shared<Help>(); }

std::string command_of(const CLI::App* app) {
    return app->get_parent() == nullptr ? app->get_name()
                                        : command_of(app->get_parent()) + " " + app->get_name();
}

}  // namespace eps::cli
