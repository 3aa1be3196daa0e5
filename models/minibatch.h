#pragma once
#include "tensor/tensor.h"

namespace eps::models {

/// x: examples, samples or noise [m, ...], as the networks take them; y: their classes, i64 [m], or
/// undefined for a model without classes.
struct Minibatch {
    Tensor x, y;
};

}  // namespace eps::models
