#pragma once
// The classifier two-sample test: can samples be told from data?   (Lopez-Paz & Oquab 2017)
#include "tensor/tensor.h"

namespace eps::metrics {

struct C2st {
    double accuracy = 0.5;  // on the held-out half; 0.5: cannot be told apart
    double se = 0;          // binomial
};

/// The classifier of the paper's C2ST-KNN: k nearest neighbours by majority, k the largest odd
/// number up to the square root of the number of its points. It knows the first half of each set,
/// [n, D] each, and is asked about the rest, so the order of rows must mean nothing. Throws for
/// fewer than 4 points a set, and for sets of different sizes.
C2st c2st(const Tensor& x, const Tensor& y);

}  // namespace eps::metrics
