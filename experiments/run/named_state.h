#pragma once
// The parts of a task's state, told apart by what their names begin with.
#include <string>

#include "tensor/tensor.h"

namespace eps::models {

/// Appends `part`, each name after `prefix`.
inline void append_part(NamedTensors& state, const std::string& prefix, const NamedTensors& part) {
    for (const auto& [name, tensor] : part) state.emplace_back(prefix + name, tensor);
}

/// What was appended with `prefix`, with the names it had.
inline NamedTensors part_of(const NamedTensors& state, const std::string& prefix) {
    NamedTensors part;
    for (const auto& [name, tensor] : state)
        if (name.starts_with(prefix)) part.emplace_back(name.substr(prefix.size()), tensor);
    return part;
}

}  // namespace eps::models
