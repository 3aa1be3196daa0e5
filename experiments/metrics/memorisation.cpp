#include "experiments/metrics/memorisation.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/neighbours.h"
#include "models/distributions/estimate.h"

namespace eps::metrics {

Tensor nearest_distances(const Tensor& x, const Tensor& train) {
    models::check_points(x, train, "memorisation");
    NoGrad guard;
    const Tensor neighbours = index_select(train, 0, squeeze(nearest(x, train, 1).indices, 1));
    return norm(to(x, f64) - to(neighbours, f64), 2, {1});
}

Measured memorisation_ratio(const Tensor& sample_distances, const Tensor& held_out_distances) {
    models::Estimate samples, held_out;
    samples.add(sample_distances);
    held_out.add(held_out_distances);
    const double ratio = samples.mean() / held_out.mean();
    return {ratio, std::hypot(samples.standard_error(), ratio * held_out.standard_error()) /
                       held_out.mean()};
}

Measured memorisation(const Tensor& samples, const Tensor& held_out, const Tensor& train) {
    models::check_points(samples, held_out, "memorisation", 2);
    return memorisation_ratio(nearest_distances(samples, train),
                              nearest_distances(held_out, train));
}

}  // namespace eps::metrics
