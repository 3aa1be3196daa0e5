#include "experiments/metrics/sliced_wasserstein.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/neighbours.h"
#include "models/distributions/estimate.h"

namespace eps::metrics {
namespace {

constexpr std::int64_t kDirections = 32;  // per pass, so that memory stays that of the points

}  // namespace

Measured sliced_wasserstein(const Tensor& x, const Tensor& y, Generator& generator,
                            std::int64_t projections) {
    constexpr const char* kOp = "sliced_wasserstein";
    models::check_points(x, y, kOp);
    check(x.size(0) == y.size(0), kOp, "needs as many points in both sets; got ", x.shape(),
          " and ", y.shape());
    check(projections >= 1, kOp, "needs at least one projection; got ", projections);
    NoGrad guard;
    Tensor theta = randn({projections, x.size(1)}, {.dtype = f64}, generator);
    theta = theta / norm(theta, 2, {1}, true);
    models::Estimate estimate;
    for (const Tensor& directions : split(theta, kDirections)) {
        const auto projected = [&](const Tensor& points) {  // -> [directions, n]
            return sort(matmul(directions, transpose(to(points, f64)))).values;
        };
        estimate.add(mean(square(projected(x) - projected(y)), {1}));
    }
    return {estimate.mean(), estimate.standard_error()};
}

}  // namespace eps::metrics
