#pragma once
// Does a model repeat its training data?
#include "experiments/metrics/measured.h"
#include "tensor/tensor.h"

namespace eps::metrics {

/// The mean distance of samples to their nearest training points, divided by that of held-out data:
/// 0 if every sample is a training point, 1 if samples are as far from them as unseen data.
///
/// Smooth samples are closer to everything, so a ratio below 1 does not yet show memorisation; one
/// near 0 does. It is not finite if the held-out data are copies too. The standard error is by the
/// delta method.
/// Shapes: samples [n, D], held_out [m, D], train [N, D]; n, m >= 2.
Measured memorisation(const Tensor& samples, const Tensor& held_out, const Tensor& train);
/// The distance of each row of x to the nearest row of train. It is computed from their difference,
/// so that it is 0 for a copy.
/// Shapes: x [n, D], train [N, D] -> f64 [n].
Tensor nearest_distances(const Tensor& x, const Tensor& train);
/// The ratio, from such distances.
Measured memorisation_ratio(const Tensor& sample_distances, const Tensor& held_out_distances);

}  // namespace eps::metrics
