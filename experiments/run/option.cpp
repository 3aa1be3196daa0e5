#include "experiments/run/option.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>

#include "tensor/names.h"

namespace eps::models {
namespace {

// A bound is at most 2^53 away from 0, where a double holds every whole number.
std::string bound_of(double bound, bool whole) {
    return whole ? str(static_cast<std::int64_t>(bound)) : str(bound);
}

std::string range_of(const Option& option) {
    const bool whole = std::holds_alternative<std::int64_t>(option.fallback);
    const std::string least = std::isfinite(option.least) ? bound_of(option.least, whole) : "";
    if (std::isfinite(option.most)) return least + " to " + bound_of(option.most, whole);
    return least.empty() ? "a finite number" : "at least " + least;
}

// Rejects NaN, too: it compares false with everything.
bool in_range(const Option& option, double number) {
    return number >= option.least && number <= option.most && std::isfinite(number);
}

// As a double, 2^53 + 1 is 2^53.
bool in_range(const Option& option, std::int64_t whole) {
    const auto number = static_cast<double>(whole);
    return in_range(option, number) &&
           (number != option.most || whole == static_cast<std::int64_t>(option.most));
}

// All of the text as a number. from_chars knows no spaces, no locale, no octal numbers, and does
// not round what is too large.
template <class T> T number_from(const Option& option, const std::string& text) {
    T number{};
    const char* const end = text.data() + text.size();
    const std::from_chars_result result = std::from_chars(text.data(), end, number);
    const std::string got = str("--", option.name, " is '", text, "'");
    check(result.ec != std::errc::invalid_argument && result.ptr == end, "config", got,
          "; expected ", type_name(option.fallback));
    check(result.ec != std::errc::result_out_of_range, "config", got,
          ", which is beyond what 64 bits hold; expected ", range_of(option));
    return number;
}

bool is_allowed(const Option& option, const std::string& text) {
    if (option.accepts != nullptr) return option.accepts(text);
    const auto& choices = option.choices;
    return choices.empty() || std::find(choices.begin(), choices.end(), text) != choices.end();
}

}  // namespace

Value value_from(const Option& option, const std::string& text) {
    if (std::holds_alternative<std::int64_t>(option.fallback))
        return number_from<std::int64_t>(option, text);
    if (std::holds_alternative<double>(option.fallback)) return number_from<double>(option, text);
    if (std::holds_alternative<std::string>(option.fallback)) return text;
    check(text == "true" || text == "false", "config", "--", option.name, " is '", text,
          "'; expected true or false");
    return text == "true";
}

Value check_value(const Option& option, const Value& value, const std::string& source) {
    Value typed = value;
    if (std::holds_alternative<double>(option.fallback))
        if (const auto* whole = std::get_if<std::int64_t>(&value))
            typed = static_cast<double>(*whole);
    check(typed.index() == option.fallback.index(), "config", "'", option.name, "' is ",
          type_name(value), " in ", source, "; expected ", type_name(option.fallback));

    if (const auto* whole = std::get_if<std::int64_t>(&typed))
        check(in_range(option, *whole), "config", "'", option.name, "' is ", *whole, " in ", source,
              "; expected ", range_of(option));
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
        const auto same = [&name = key](const Option& option) { return option.name == name; };
        const bool known = key == "family" || std::any_of(options.begin(), options.end(), same);
        check(known, "config", "unknown key '", key, "' in ", config.source());
    }
    return out;
}

}  // namespace eps::models
