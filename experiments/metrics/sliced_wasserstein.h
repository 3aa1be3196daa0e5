#pragma once
// The sliced Wasserstein distance: optimal transport in one dimension is sorting   (Rabin et al.
// 2011; Bonneel et al. 2015).
#include <cstdint>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::metrics {

struct SlicedWasserstein {
    double squared = 0;  // SW_2^2
    // of it, over directions (not over points: the floor of a report shows how much those matter)
    double se = 0;
};

/// SW_2^2 = E_theta W_2^2(theta . x, theta . y), theta uniform on the sphere, W_2^2 the mean of
/// squared differences of the sorted projections: x, y [n, D], as many points in both. N(0, I)
/// against N(mu, I) gives ||mu||^2 / D, plus what chance adds.
SlicedWasserstein sliced_wasserstein(const Tensor& x, const Tensor& y, Generator& generator,
                                     std::int64_t projections = 512);

}  // namespace eps::metrics
