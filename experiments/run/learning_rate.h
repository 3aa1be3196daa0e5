#pragma once
#include <cstdint>
#include <string>

#include "tensor/error.h"

namespace eps::models {

/// Throws if the learning rate decays to the end of a run that has no end.
inline void check_decay(const char* op, const std::string& decay, std::int64_t steps) {
    check(decay == "none" || steps > 0, op, "--lr-decay ", decay,
          " ends with the run; got no --steps; expected --steps N, or --lr-decay none");
}

}  // namespace eps::models
