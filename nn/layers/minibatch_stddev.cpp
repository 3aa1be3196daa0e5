#include "nn/layers/minibatch_stddev.h"

#include <algorithm>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {

MinibatchStdDev::MinibatchStdDev(std::int64_t group, std::int64_t features)
    : group_(group), features_(features) {
    check(group >= 1 && features >= 1, "MinibatchStdDev",
          "needs at least one sample in a group and one feature; got group ", group, ", features ",
          features);
}

Tensor MinibatchStdDev::forward(const Tensor& x) {
    check(x.defined() && x.rank() >= 2 && x.numel() > 0 && (x.dtype() == f32 || x.dtype() == f64),
          "MinibatchStdDev", "needs f32 or f64 [B, C, ..] with at least one element; got ",
          describe(x));
    const std::int64_t b = x.size(0), c = x.size(1), group = std::min(group_, b);
    const std::int64_t sets = b / group;
    check(b % group == 0, "MinibatchStdDev", "groups of ", group, " do not divide the batch; got ",
          describe(x));
    check(c % features_ == 0, "MinibatchStdDev", features_,
          " features do not divide the channels; got ", describe(x));
    const Tensor grouped = reshape(x, {group, sets, features_, -1});  // [G, S, F, C / F pixels]
    const Tensor deviation = sqrt(var(grouped, {0}, false, 0) + 1e-8);
    const Tensor feature = mean(deviation, {2});  // [S, F]
    Shape shape = x.shape(), unit{b, features_};
    for (int d = 2; d < x.rank(); ++d) unit.push_back(1);
    shape[1] = features_;
    // Sample i belongs to set i mod S.
    const Tensor tiled = reshape(expand(unsqueeze(feature, 0), {group, sets, features_}), unit);
    return concat({x, expand(tiled, shape)}, 1);
}

}  // namespace eps::nn
