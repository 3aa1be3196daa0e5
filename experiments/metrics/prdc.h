#pragma once
// Fidelity and diversity from balls around points.
// Source: precision and recall, Kynkaanniemi et al. 2019; density and coverage, Naeem et al. 2020.
#include <cstdint>

#include "experiments/metrics/measured.h"
#include "tensor/tensor.h"

namespace eps::metrics {

/// Standard errors are over points, for given balls.
struct Prdc {
    Measured precision, recall, density, coverage;
};

/// The ball of a point is open and reaches to its k-th nearest neighbour in its own set.
///     precision = share of samples within a ball of data
///     recall    = share of data within a ball of samples
///     density   = mean over samples of the number of balls of data that hold it, / k
///     coverage  = share of balls of data that hold a sample
/// For two sets from one distribution, the expected density is 1, and the expected coverage
/// 1 - prod_{i=1..k} (N - i) / (M + N - i) (Naeem et al. 2020, section 3.3).
/// Shapes: data [N, D], samples [M, D].
/// Throws unless 1 <= k < N, M.
Prdc prdc(const Tensor& data, const Tensor& samples, std::int64_t k = 5);

}  // namespace eps::metrics
