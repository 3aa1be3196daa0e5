#pragma once
// Does a model repeat what it was trained on?
#include "tensor/tensor.h"

namespace eps::metrics {

struct Memorisation {
    // 0: every sample is a training point; 1: samples keep as far from them as unseen data do
    double ratio = 1;
    double se = 0;  // by the delta method
};

/// mean distance of a sample to its nearest training point / the same of held-out data: samples [n,
/// D], held_out [m, D], train [N, D], n, m >= 2. Smooth samples lie closer to everything, so that a
/// ratio below 1 is not yet memory; one near 0 is. Not finite where held-out data are copies, too.
Memorisation memorisation(const Tensor& samples, const Tensor& held_out, const Tensor& train);
/// f64 [n]: the distance of each row of x to the nearest row of train, computed from their
/// difference, so that it is 0 for a copy.
Tensor nearest_distances(const Tensor& x, const Tensor& train);
/// The ratio from such distances.
Memorisation memorisation_ratio(const Tensor& sample_distances, const Tensor& held_out_distances);

}  // namespace eps::metrics
