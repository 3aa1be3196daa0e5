#pragma once
// A family's options as one table. Each field ties an option to a member of the family's Settings,
// so that --help, config.json, the defaults and the struct are written once:
//
//     struct Settings {
//         double lr = 1e-3;
//         Pixels pixels = Pixels::dynamic;
//     };
//     const std::vector<Field<Settings>> fields{
//         field("lr", &Settings::lr, "learning rate of Adam").at_least(0),
//         choice("pixels", &Settings::pixels, {{"dynamic", Pixels::dynamic}, ...}, "..."),
//     };
//     Settings settings;              // the defaults are the members' own
//     read(settings, fields, config)  // sets what the config has
#include <functional>
#include <type_traits>

#include "experiments/run/option.h"
#include "tensor/error.h"

namespace eps::models {

template <class S> struct Field {
    Option option;
    std::function<Value(const S& settings)> get;
    std::function<void(S& settings, const Value& value)> set;  // stores a value that was checked

    Field at_least(double least) const { return between(least, option.most); }
    Field between(double least, double most) const {
        Field field = *this;
        field.option.least = least;
        field.option.most = most;
        return field;
    }
    Field one_of(std::vector<std::string> choices) const {
        Field field = *this;
        field.option.choices = std::move(choices);
        return field;
    }
    /// Texts that a function decides on; `form` says in words what they are.
    Field accepting(bool (*accepts)(const std::string& text), std::string form) const {
        Field field = *this;
        field.option.accepts = accepts;
        field.option.form = std::move(form);
        return field;
    }
    /// The default depends on other options: --help shows "by data".
    Field by(const std::string& what) const { return derived("by " + what); }
    /// The same in words: "50, or --T if that is less".
    Field derived(std::string default_text) const {
        Field field = *this;
        field.option.derived = true;
        field.option.default_text = std::move(default_text);
        return field;
    }
};

/// Lists of whole numbers are texts in a config: {1, 2, 2} is "1,2,2", and {} is "".
using Wholes = std::vector<std::int64_t>;
bool is_list(const std::string& text);
Wholes list_from(const std::string& text);
std::string text_of(const Wholes& list);

/// Named values of any type: an enum, a pointer into a table.
template <class T> using Choices = std::vector<std::pair<std::string, T>>;
/// Each name with the value that a function finds for it.
template <class F> auto choices_of(const std::vector<std::string>& names, const F& value_of_name) {
    Choices<std::decay_t<decltype(value_of_name(names[0]))>> choices;
    for (const std::string& name : names) choices.emplace_back(name, value_of_name(name));
    return choices;
}

namespace detail {

// How a member of type T stands in a config, and back.
template <class T> Value to_value(const T& member) {
    if constexpr (std::is_same_v<T, Wholes>)
        return text_of(member);
    else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
        return static_cast<std::int64_t>(member);
    else
        return member;
}
template <class T> T from_value(const Value& value) {
    if constexpr (std::is_same_v<T, Wholes>)
        return list_from(std::get<std::string>(value));
    else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
        return static_cast<T>(std::get<std::int64_t>(value));
    else
        return std::get<T>(value);
}

// `access` maps settings to the member.
template <class S, class Access>
Field<S> plain_field(std::string name, Access access, std::string help) {
    using T = std::decay_t<decltype(access(std::declval<S&>()))>;
    const S defaults{};
    Field<S> field{
        .option = {.name = std::move(name), .fallback = to_value(access(defaults)), .help = help},
        .get = [access](const S& s) { return to_value(access(s)); },
        .set = [access](S& s, const Value& value) { access(s) = from_value<T>(value); }};
    if constexpr (std::is_same_v<T, Wholes>)
        return field.accepting(is_list, "a list of whole numbers above 0, such as 1,2,2");
    return field;
}

template <class S, class T, class Access>
Field<S> choice_field(std::string name, Access access, Choices<T> choices, std::string help) {
    std::vector<std::string> names;
    for (const auto& choice : choices) names.push_back(choice.first);
    const auto name_of = [choices, access](const S& s) -> Value {
        for (const auto& [each, value] : choices)
            if (value == access(s)) return each;
        fail("config", "a value without a name");
    };
    const auto set = [choices, access](S& s, const Value& name_of_value) {
        for (const auto& [each, value] : choices)
            if (each == std::get<std::string>(name_of_value)) access(s) = value;
    };
    const S defaults{};
    return {.option = {.name = std::move(name),
                       .fallback = name_of(defaults),
                       .help = std::move(help),
                       .choices = std::move(names)},
            .get = name_of,
            .set = set};
}

}  // namespace detail

/// A member that is a bool, a whole number, a double, a text or a list of whole numbers.
template <class S, class T> Field<S> field(std::string name, T S::*member, std::string help) {
    return detail::plain_field<S>(
        std::move(name), [=](auto& s) -> auto& { return s.*member; }, std::move(help));
}
/// The same of a struct within the settings.
template <class S, class Part, class T>
Field<S> field(std::string name, Part S::*part, T Part::*member, std::string help) {
    return detail::plain_field<S>(
        std::move(name), [=](auto& s) -> auto& { return s.*part.*member; }, std::move(help));
}
/// A member whose values have names.
template <class S, class T>
Field<S> choice(std::string name, T S::*member, Choices<std::type_identity_t<T>> choices,
                std::string help) {
    return detail::choice_field<S, T>(
        std::move(name), [=](auto& s) -> auto& { return s.*member; }, std::move(choices),
        std::move(help));
}
template <class S, class Part, class T>
Field<S> choice(std::string name, Part S::*part, T Part::*member,
                Choices<std::type_identity_t<T>> choices, std::string help) {
    return detail::choice_field<S, T>(
        std::move(name), [=](auto& s) -> auto& { return s.*part.*member; }, std::move(choices),
        std::move(help));
}

template <class S> std::vector<Option> options_of(const std::vector<Field<S>>& fields) {
    std::vector<Option> options;
    for (const auto& field : fields) options.push_back(field.option);
    return options;
}
/// Sets the members whose options the config has. Throws, naming option and source, on values that
/// are not allowed.
template <class S>
void read(S& settings, const std::vector<Field<S>>& fields, const Config& config) {
    for (const auto& field : fields)
        if (const Value* value = config.find(field.option.name))
            field.set(settings, check_value(field.option, *value, config.source()));
}
/// An option as it is typed: "--pac 3", "--conditional", "--data-dir ''".
std::string flag_of(const std::string& name, const Value& value);

/// Checks what goes together, in words of the options: "--k counts layers, and a continuous flow
/// has none; got --flow cfm --k 3; expected --k 1".
template <class S> class Rules {
public:
    Rules(const char* op, const S& settings, const std::vector<Field<S>>& fields)
        : op_(op), settings_(settings), fields_(fields) {}

    /// Throws unless `holds`. The sentence shows the values of the options `got`.
    void operator()(bool holds, const std::string& what_is_wrong,
                    const std::vector<std::string>& got, const std::string& expected) const {
        if (holds) return;
        std::string values;
        for (const std::string& name : got)
            for (const auto& field : fields_)
                if (field.option.name == name) values += " " + flag_of(name, field.get(settings_));
        fail(op_, what_is_wrong, "; got", values, "; expected ", expected);
    }

private:
    const char* op_;
    const S& settings_;
    const std::vector<Field<S>>& fields_;
};

}  // namespace eps::models
