#include "experiments/run/field.h"

#include <algorithm>

namespace eps::models {
namespace {

// At most four digits, at least 1.
bool is_whole_number(const std::string& text) {
    return !text.empty() && text.size() <= 4 &&
           text.find_first_not_of("0123456789") == std::string::npos &&
           text.find_first_not_of('0') != std::string::npos;
}

std::vector<std::string> parts_of(const std::string& list) {
    std::vector<std::string> parts;
    for (std::size_t start = 0; !list.empty() && start <= list.size();) {
        const std::size_t comma = std::min(list.find(',', start), list.size());
        parts.push_back(list.substr(start, comma - start));
        start = comma + 1;
    }
    return parts;
}

}  // namespace

bool is_list(const std::string& text) {
    const std::vector<std::string> parts = parts_of(text);
    return std::all_of(parts.begin(), parts.end(), is_whole_number);
}

Wholes list_from(const std::string& text) {
    Wholes list;
    for (const std::string& part : parts_of(text)) list.push_back(std::stoll(part));
    return list;
}

std::string text_of(const Wholes& list) {
    std::string text;
    for (const std::int64_t number : list) text += (text.empty() ? "" : ",") + str(number);
    return text;
}

std::string flag_of(const std::string& name, const Value& value) {
    if (const auto* flag = std::get_if<bool>(&value)) return (*flag ? "--" : "--no-") + name;
    if (const auto* text = std::get_if<std::string>(&value))
        return "--" + name + " " + (text->empty() ? "''" : *text);
    if (const auto* whole = std::get_if<std::int64_t>(&value)) return str("--", name, " ", *whole);
    return str("--", name, " ", std::get<double>(value));
}

}  // namespace eps::models
