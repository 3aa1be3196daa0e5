#include "experiments/run/option.h"

#include <algorithm>
#include <cmath>

#include "tensor/names.h"

namespace eps::models {
namespace {

std::string range_of(const Option& option) {
    if (std::isfinite(option.most)) return str(option.least, " to ", option.most);
    if (std::isfinite(option.least)) return str("at least ", option.least);
    return "a finite number";
}

// Rejects NaN, too: it compares false with everything.
bool in_range(const Option& option, double number) {
    return number >= option.least && number <= option.most && std::isfinite(number);
}

bool is_allowed(const Option& option, const std::string& text) {
    if (option.accepts != nullptr) return option.accepts(text);
    const auto& choices = option.choices;
    return choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end();
}

}  // namespace

Value check_value(const Option& option, const Value& value, const std::string& source) {
    Value typed = value;
    if (std::holds_alternative<double>(option.fallback))
        if (const auto* whole = std::get_if<std::int64_t>(&value))
            typed = static_cast<double>(*whole);
    check(typed.index() == option.fallback.index(), "config", "'", option.name, "' is ",
          type_name(value), " in ", source, "; expected ", type_name(option.fallback));

    if (const auto* whole = std::get_if<std::int64_t>(&typed))
        check(in_range(option, static_cast<double>(*whole)), "config", "'", option.name, "' is ",
              *whole, " in ", source, "; expected ", range_of(option));
    if (const auto* number = std::get_if<double>(&typed))
        check(in_range(option, *number), "config", "'", option.name, "' is ", *number, " in ",
              source, "; expected ", range_of(option));
    if (const auto* text = std::get_if<std::string>(&typed))
        check(is_allowed(option, *text), "config", "'", option.name, "' is '", *text, "' in ",
              source, "; expected ",
              option.form.empty() ? "one of: " + listed(option.choices) : option.form);
    return typed;
}

Config check_config(const Config& config, const std::vector<Option>& options) {
    Config out = config;
    std::vector<std::string> missing;
    for (const Option& option : options) {
        if (const Value* value = config.find(option.name))
            out.set(option.name, check_value(option, *value, config.source()));
        else
            missing.push_back(option.name);
    }
    check(missing.empty(), "config", "missing in ", config.source(), ": ", listed(missing));
    for (const auto& [key, value] : config.entries()) {
        const auto same = [&](const Option& option) { return option.name == key; };
        const bool known = key == "family" || std::any_of(options.begin(), options.end(), same);
        check(known, "config", "unknown key '", key, "' in ", config.source());
    }
    return out;
}

}  // namespace eps::models
