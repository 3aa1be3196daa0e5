#pragma once
// The rate of a step, by the name that options give to its decay.
#include <string>

#include "nn/scheduler.h"

namespace eps::models {

/// From lr at step 0 to 0 at step `steps`: "linear", "cosine", or "none": lr.
inline double decayed(const std::string& decay, double lr, std::int64_t steps, std::int64_t index) {
    if (decay == "linear") return nn::LinearLR{.lr = lr, .steps = steps}.at(index);
    if (decay == "cosine") return nn::CosineLR{.lr = lr, .steps = steps}.at(index);
    return lr;
}

}  // namespace eps::models
