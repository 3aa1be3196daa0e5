#include "cli/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <functional>
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

// CLI11 hands over the text. What it means, and what is wrong with it, is said in one place for
// the command line: models::value_from.
CLI::Option* add_text(CLI::App& command, const models::Option& option,
                      const std::function<void(const std::string& text)>& take) {
    constexpr std::array types{"TRUE", "N", "X", "TEXT"};  // by Value's alternatives
    std::string help = option.help;
    if (!option.choices.empty()) help += " (" + listed(option.choices) + ")";
    const auto take_or_complain = [take](const std::string& text) {
        try {
            take(text);
        } catch (const Error& error) { throw CLI::ValidationError(error.sentence()); }
    };
    return command.add_option_function<std::string>("--" + option.name, take_or_complain, help)
        ->type_name(types[option.fallback.index()]);
}

CLI::Option* add_flag(CLI::App& command, const models::Option& option, models::Value& value) {
    if (auto* flag = std::get_if<bool>(&value))
        return command.add_flag("--" + option.name + ",!--no-" + option.name, *flag, option.help);
    return add_text(command, option,
                    [&](const std::string& text) { value = models::value_from(option, text); });
}

// A value that no family has, with its bounds.
template <class T>
CLI::Option* add_number(CLI::App& command, const models::Option& option, T& number) {
    models::Option checked = option;
    checked.name = "--" + option.name;
    return add_text(command, option, [option, checked, &number](const std::string& text) {
        const models::Value value = models::value_from(option, text);
        number = std::get<T>(models::check_value(checked, value, "the options"));
    });
}

}  // namespace

void OptionFlags::add(CLI::App& command, const models::Option& option, const std::string& group) {
    Entry& entry = entries_.emplace_back(Entry{option, option.fallback, nullptr});
    entry.flag = add_flag(command, entry.option, entry.value);
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

CLI::Option* add_count(CLI::App& command, const std::string& name, std::int64_t& value,
                       const std::string& help, double least, double most) {
    return add_number(command,
                      {.name = name, .fallback = value, .help = help, .least = least, .most = most},
                      value);
}

CLI::Option* add_real(CLI::App& command, const std::string& name, double& value,
                      const std::string& help, double least, double most) {
    return add_number(command,
                      {.name = name, .fallback = value, .help = help, .least = least, .most = most},
                      value);
}

void add_seed(CLI::App& command, std::int64_t& seed, const std::string& help) {
    add_count(command, "seed", seed, help, 0, std::numeric_limits<double>::infinity())
        ->default_str("0");
}

void add_threads(CLI::App& command, std::int64_t& threads) {
    // use_threads() knows how many there may be
    add_count(command, "threads", threads, "threads of the kernels; 0: one for each core", 0, 1e6)
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

void add_accept_edited(CLI::App& command, models::EditedConfig& edited) {
    command.add_flag_callback(
        "--accept-edited-config", [&edited] { edited = models::EditedConfig::accepted; },
        "take a config.json that was edited by hand, whose checksum is wrong");
}

void add_quiet(CLI::App& command, bool& quiet) {
    command.add_flag("--quiet", quiet, "print nothing on stderr but errors")->group("Machine");
}

}  // namespace eps::cli
