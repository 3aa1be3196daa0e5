#pragma once
// The rate of a step, by the name that options give to its decay.
#include <string>

#include "nn/optim/scheduler.h"
#include "tensor/error.h"

namespace eps::models {

/// From lr at step 0 to 0 at step `steps`: "linear", "cosine", or "none": lr.
inline double decayed(const std::string& decay, double lr, std::int64_t steps, std::int64_t index) {
    if (decay == "linear") return nn::LinearLR{.lr = lr, .steps = steps}.at(index);
    if (decay == "cosine") return nn::CosineLR{.lr = lr, .steps = steps}.at(index);
    return lr;
}

/// Refuses a decay to the end of a run that has none.
inline void check_decay(const char* op, const std::string& decay, std::int64_t steps) {
    check(decay == "none" || steps > 0, op, "--lr-decay ", decay,
          " ends with the run; got no --steps; expected --steps N, or --lr-decay none");
}

}  // namespace eps::models
