#pragma once
// Tables whose entries have names (toys, losses, schedules, samplers): lookup by name, and the
// lists of names that options and error messages show.
#include <string>
#include <vector>

#include "tensor/error.h"

namespace eps {

/// "a, b, c"
inline std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// The `name` of each entry of a table, in order.
template <class Table> std::vector<std::string> names_in(const Table& table) {
    std::vector<std::string> names;
    for (const auto& each : table) names.emplace_back(each.name);
    return names;
}

/// The entry of that name. `what` says what an entry is: "schedule".
/// Throws, listing the names, if there is none.
template <class Table>
const auto& by_name(const char* op, const char* what, const Table& table, const std::string& name) {
    for (const auto& each : table)
        if (name == each.name) return each;
    fail(op, "unknown ", what, " '", name, "'; expected one of ", listed(names_in(table)));
}

}  // namespace eps
