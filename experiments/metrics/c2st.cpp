#include "experiments/metrics/c2st.h"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/neighbours.h"

namespace eps::metrics {

Measured c2st(const Tensor& x, const Tensor& y) {
    constexpr const char* kOp = "c2st";
    models::check_points(x, y, kOp, 4);
    check(x.size(0) == y.size(0), kOp, "needs as many points in both sets; got ", x.shape(),
          " and ", y.shape());
    NoGrad guard;
    const std::int64_t half = x.size(0) / 2, rest = x.size(0) - half;
    const Tensor known = concat({narrow(to(x, f64), 0, 0, half), narrow(to(y, f64), 0, 0, half)});
    const Tensor unknown =
        concat({narrow(to(x, f64), 0, half, rest), narrow(to(y, f64), 0, half, rest)});
    const auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(2 * half)));
    const std::int64_t k = root - (root % 2 == 0);
    const Tensor indices = nearest(unknown, known, k).indices;
    const std::int64_t* neighbour = indices.data<std::int64_t>();
    std::int64_t right = 0;
    for (std::int64_t i = 0; i < 2 * rest; ++i, neighbour += k) {
        const auto of_x =
            std::count_if(neighbour, neighbour + k, [&](std::int64_t j) { return j < half; });
        right += (2 * of_x > k) == (i < rest);
    }
    return share_of(static_cast<double>(right), static_cast<double>(2 * rest));
}

}  // namespace eps::metrics
