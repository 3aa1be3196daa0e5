#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

#include "tensor/names.h"

namespace eps::cli {
namespace {

// A default as --help shows it: no quotes, and nothing for an empty text.
std::string shown(const models::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "on" : "off";
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return std::to_string(*whole);
    return str(std::get<double>(value));
}

CLI::Option* add_flag(CLI::App& command, const models::Option& option, models::Value& value) {
    const std::string flag = "--" + option.name;
    std::string help = option.help;
    if (!option.choices.empty()) help += " (" + listed(option.choices) + ")";
    if (auto* text = std::get_if<std::string>(&value))
        return command.add_option(flag, *text, help)->type_name("TEXT");
    if (auto* whole = std::get_if<std::int64_t>(&value))
        return command.add_option(flag, *whole, help)->type_name("N");
    if (auto* number = std::get_if<double>(&value))
        return command.add_option(flag, *number, help)->type_name("X");
    return command.add_flag(flag + ",!--no-" + option.name, std::get<bool>(value), help);
}

}  // namespace

void OptionFlags::add(CLI::App& command, const models::Option& option, const std::string& group) {
    Entry& entry = entries_.emplace_back(Entry{option, option.fallback, nullptr});
    entry.flag = add_flag(command, option, entry.value);
    entry.flag->default_str(option.derived ? option.default_text : shown(option.fallback))
        ->group(group);
}

bool OptionFlags::has(const std::string& name) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Entry& entry) { return entry.option.name == name; });
}

bool OptionFlags::is_given(const std::string& name) const {
    return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
        return entry.option.name == name && entry.flag->count() > 0;
    });
}

void OptionFlags::set_given(models::Config& config) const {
    for (const Entry& entry : entries_)
        if (entry.flag->count() > 0) config.set(entry.option.name, entry.value);
}

void OptionFlags::set_all(models::Config& config) const {
    for (const Entry& entry : entries_)
        if (entry.flag->count() > 0 || !entry.option.derived)
            config.set(entry.option.name, entry.value);
}

CLI::Option* add_count(CLI::App& command, const std::string& flag, std::int64_t& value,
                       const std::string& help, std::int64_t least, std::int64_t most) {
    return command.add_option(flag, value, help)
        ->type_name("N")
        ->check(CLI::Range(least, most).description(""));
}

void add_seed(CLI::App& command, std::int64_t& seed, const std::string& help) {
    add_count(command, "--seed", seed, help, 0, std::numeric_limits<std::int64_t>::max())
        ->default_str("0");
}

void add_threads(CLI::App& command, int& threads) {
    command.add_option("--threads", threads, "threads of the kernels; 0: one for each core")
        ->type_name("N")
        ->check(CLI::Range(0, 1024).description(""))
        ->default_str("0")
        ->group("Machine");
}

void add_device(CLI::App& command, std::string& device, const std::string& help) {
    const auto problem_of = [](const std::string& text) {
        return is_device_name(text)
                   ? ""
                   : "'" + text + "' is not a device; expected auto, cpu, cuda or cuda:N";
    };
    command.add_option("--device", device, help)
        ->type_name("TEXT")
        ->check(CLI::Validator(problem_of, ""))
        ->group("Machine");
}

void add_quiet(CLI::App& command, bool& quiet) {
    command.add_flag("--quiet", quiet, "print nothing on stderr but errors")->group("Machine");
}

}  // namespace eps::cli
