#include "experiments/run/task.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "tensor/names.h"
#include "tensor/create.h"

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

const Family& family(const Config& config) {
    const std::string& name = config.text("family");
    for (const Family& f : families())
        if (f.name == name) return f;
    fail("config", "unknown model family '", name, "' in ", config.source(),
         "; expected one of: ", listed(names_in(families())));
}

Tensor pack(const Generator& generator) {
    Tensor state = empty({2}, {.dtype = i64});
    state.data<std::int64_t>()[0] = std::bit_cast<std::int64_t>(generator.seed());
    state.data<std::int64_t>()[1] = std::bit_cast<std::int64_t>(generator.counter());
    return state;
}

void unpack(const Tensor& state, Generator& generator) {
    check(state.defined() && state.dtype() == i64 && state.shape() == Shape{2}, "unpack",
          "not the state of a generator; got ", describe(state), "; expected i64 [2]");
    const Tensor host = copy_to(state, cpu).contiguous_data();
    generator.set_state(std::bit_cast<std::uint64_t>(host.data<std::int64_t>()[0]),
                        std::bit_cast<std::uint64_t>(host.data<std::int64_t>()[1]));
}

}  // namespace eps::models
