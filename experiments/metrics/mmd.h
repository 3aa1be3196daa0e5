#pragma once
// Maximum mean discrepancy, a test whether two sets come from one law   (Gretton et al. 2012).
#include <cstdint>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::metrics {

struct Mmd {
    double squared = 0;  // unbiased, so that it may be negative
    double se = 0;       // from the variance of the witness function over points
    // share of relabellings, the labels at hand among them, that give no smaller value
    double p = 1;
};

struct MmdOptions {
    std::vector<double> bandwidths;   // k(a, b) = mean over s of exp(-||a - b||^2 / 2 s^2)
    std::int64_t permutations = 200;  // 0: no test, p = 1
};

/// x [n, D], y [m, D], n, m >= 2:  sum_{i != j} k(x_i, x_j) / n(n - 1) + sum_{i != j} k(y_i, y_j) /
/// m(m - 1) - 2 sum_ij k(x_i, y_j) / nm, eq. 3, in f64.
Mmd mmd(const Tensor& x, const Tensor& y, const MmdOptions& options, Generator& generator);

/// The median distance between two of the first 1000 rows: the scale that the bandwidths of a
/// report are multiples of.
double median_distance(const Tensor& x);

}  // namespace eps::metrics
