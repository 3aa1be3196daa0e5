#pragma once
// Fidelity and diversity from balls around points: precision and recall (Kynkaanniemi et al. 2019),
// density and coverage (Naeem et al. 2020).
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::metrics {

struct Prdc {
    double precision = 0, recall = 0, density = 0, coverage = 0;
    // over points, the balls taken as given
    double precision_se = 0, recall_se = 0, density_se = 0, coverage_se = 0;
};

/// data [N, D], samples [M, D]; the ball of a point has the distance to its k-th nearest neighbour
/// in its own set for radius, and is open.
///     precision = share of samples within a ball of data         recall   = share of data within a
///     ball of samples density   = mean over samples of the balls of data that hold it, / k
///     coverage = share of balls of data that hold a sample
/// Of two sets from one law, density is 1 in the mean, and coverage 1 - prod_{i=1..k} (N - i) / (M
/// + N - i)   (Naeem et al. 2020, section 3.3). Throws unless 1 <= k < N, M.
Prdc prdc(const Tensor& data, const Tensor& samples, std::int64_t k = 5);

}  // namespace eps::metrics
