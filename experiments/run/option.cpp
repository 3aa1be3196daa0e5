#include "experiments/run/option.h"

#include <algorithm>
#include <cmath>

#include "tensor/names.h"

namespace eps::models {

Value check_value(const Option& option, const Value& value, const std::string& source) {
    Value typed = value;
    if (std::holds_alternative<double>(option.fallback) &&
        std::holds_alternative<std::int64_t>(value))
        typed = static_cast<double>(std::get<std::int64_t>(value));
    check(typed.index() == option.fallback.index(), "config", "'", option.name, "' is ",
          type_name(value), " in ", source, "; expected ", type_name(option.fallback));
    // written so that NaN is refused
    const auto check_range = [&](double number, const std::string& shown) {
        const bool bounded = std::isfinite(option.least), above = std::isfinite(option.most);
        check(number >= option.least && number <= option.most && std::isfinite(number), "config",
              "'", option.name, "' is ", shown, " in ", source, "; expected ",
              above     ? str(option.least, " to ", option.most)
              : bounded ? str("at least ", option.least)
                        : "a finite number");
    };
    if (const auto* whole = std::get_if<std::int64_t>(&typed))
        check_range(static_cast<double>(*whole), str(*whole));
    if (const auto* number = std::get_if<double>(&typed)) check_range(*number, str(*number));
    const auto accepts = [&](const std::string& text) {
        return option.accepts ? option.accepts(text)
                              : std::find(option.choices.begin(), option.choices.end(), text) !=
                                    option.choices.end();
    };
    if (const auto* text = std::get_if<std::string>(&typed);
        text != nullptr && !option.choices.empty())
        check(accepts(*text), "config", "'", option.name, "' is '", *text, "' in ", source,
              "; expected one of: ", listed(option.choices));
    return typed;
}

Config check_config(const Config& config, const std::vector<Option>& options) {
    Config out = config;
    std::string missing;
    for (const Option& option : options) {
        const auto& entries = config.entries();
        const auto entry = std::find_if(entries.begin(), entries.end(),
                                        [&](const auto& e) { return e.first == option.name; });
        if (entry == entries.end())
            missing += (missing.empty() ? "" : ", ") + option.name;
        else
            out.set(option.name, check_value(option, entry->second, config.source()));
    }
    check(missing.empty(), "config", "missing in ", config.source(), ": ", missing);
    for (const auto& [key, value] : config.entries()) {
        const bool known =
            key == "family" || std::any_of(options.begin(), options.end(),
                                           [&](const Option& o) { return o.name == key; });
        check(known, "config", "unknown key '", key, "' in ", config.source());
    }
    return out;
}

}  // namespace eps::models
