#pragma once
// The maximum mean discrepancy, a test whether two sets come from one distribution.
// Source: Gretton et al. 2012.
#include <cstdint>
#include <vector>

#include "experiments/metrics/measured.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::metrics {

struct Mmd {
    Measured squared;  // unbiased, so it may be negative; se from the variance of the witness
    double p = 1;      // share of relabellings, the given labels included, with no smaller value
};

struct MmdOptions {
    std::vector<double> bandwidths;   // k(a, b) = mean over s of exp(-||a - b||^2 / 2 s^2)
    std::int64_t permutations = 200;  // 0 means no test: p = 1
};

/// The unbiased estimate of MMD^2 (eq. 3), in f64:
///     sum_{i != j} k(x_i, x_j) / n(n - 1) + sum_{i != j} k(y_i, y_j) / m(m - 1)
///     - 2 sum_ij k(x_i, y_j) / nm
/// Shapes: x [n, D], y [m, D]; n, m >= 2.
Mmd mmd(const Tensor& x, const Tensor& y, const MmdOptions& options, Generator& generator);

/// The median distance between two of the first 1000 rows. The bandwidths of a report are multiples
/// of it.
double median_distance(const Tensor& x);

}  // namespace eps::metrics
