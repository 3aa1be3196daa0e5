#pragma once
// Tables of named things: the schedules, predictions, variances, losses and samplers that options name.
#include <string>
#include <vector>

#include "tensor/error.h"

namespace eps::models::ddpm {

/// The names in a table, in its order. Its entries have a `name`.
template <class Table>
std::vector<std::string> names_in(const Table& table) {
    std::vector<std::string> names;
    for (const auto& each : table) names.emplace_back(each.name);
    return names;
}

/// The entry of that name; throws, listing the names, on another. `what` is what the table holds: "schedule".
template <class Table>
const auto& by_name(const char* what, const Table& table, const std::string& name) {
    for (const auto& each : table)
        if (name == each.name) return each;
    std::string names;
    for (const std::string& each : names_in(table)) names += (names.empty() ? "" : ", ") + each;
    fail("ddpm", "unknown ", what, " '", name, "'; expected one of ", names);
}

}  // namespace eps::models::ddpm
