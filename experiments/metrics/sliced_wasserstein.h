#pragma once
// The sliced Wasserstein distance: in one dimension, optimal transport is sorting.
// Source: Rabin et al. 2011; Bonneel et al. 2015.
#include <cstdint>

#include "experiments/metrics/measured.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::metrics {

/// The squared distance of two sets with equally many points:
///     SW_2^2 = E_theta W_2^2(theta . x, theta . y), theta uniform on the sphere
/// W_2^2 is the mean squared difference of the sorted projections. N(0, I) against N(mu, I) gives
/// ||mu||^2 / D, plus what chance adds. The standard error is over directions, not over points; the
/// floor of a report shows how much the points matter.
/// Shapes: x, y [n, D].
Measured sliced_wasserstein(const Tensor& x, const Tensor& y, Generator& generator,
                            std::int64_t projections = 512);

}  // namespace eps::metrics
