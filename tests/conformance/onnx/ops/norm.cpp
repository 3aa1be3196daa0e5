// Normalisation.
#include "autograd/ops/norm/norm.h"

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/repeat.h"
#include "autograd/ops/reduction/norms.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// ONNX's momentum is the weight of the old statistic, and its running variance is the biased one.
Results batch_normalization(const Call& c) {
    const Tensor &x = c[0], &mean_before = c[3], &var_before = c[4];
    const double momentum = c.real("momentum", 0.9), epsilon = c.real("epsilon", 1e-5);
    const bool training =
        c.opset() >= 14 ? c.flag("training_mode") : c.opset() < 7 && !c.flag("is_test");
    if (!training)
        return batch_norm(x, mean_before, var_before, c[1], c[2],
                          {.training = false, .momentum = 1 - momentum, .epsilon = epsilon});
    Dims dims{0};
    for (int d = 2; d < x.rank(); ++d) dims.push_back(d);
    const auto blended = [momentum](const Tensor& before, const Tensor& now) {
        return momentum * before + (1 - momentum) * now;
    };
    return {batch_norm(x, Tensor(), Tensor(), c[1], c[2], {.training = true, .epsilon = epsilon}),
            blended(mean_before, mean(x, dims)), blended(var_before, var(x, dims, false, 0))};
}

// Normalises over the dimensions from `axis` on. The other outputs are the mean and
// 1 / standard deviation.
Results layer_normalization(const Call& c) {
    c.ignore("stash_type");  // f32, in which everything here is computed
    const Tensor& x = c[0];
    const int axis = normalize_dim(c.integer("axis", -1), x.rank(), "LayerNormalization");
    const double epsilon = c.real("epsilon", 1e-5);
    Dims dims;
    Shape shape;
    for (int d = axis; d < x.rank(); ++d) {
        dims.push_back(d);
        shape.push_back(x.size(d));
    }
    return {layer_norm(x, shape, c[1], c.optional(2), epsilon), mean(x, dims, true),
            rsqrt(var(x, dims, true, 0) + epsilon)};
}

// x / (bias + alpha / size * the sum of squares of `size` channels around each)^beta   (Krizhevsky
// et al. 2012)
Results local_response_normalization(const Call& c) {
    const Tensor& x = c[0];
    const std::int64_t size = c.integer("size", 1), channels = x.size(1);
    Dims before = Dims::filled(x.rank(), 0), after = before;
    before[1] = (size - 1) / 2;
    after[1] = size - 1 - before[1];
    const Tensor squares = pad(square(x), before, after);
    Tensor total = narrow(squares, 1, 0, channels);
    for (std::int64_t k = 1; k < size; ++k) total = total + narrow(squares, 1, k, channels);
    return x / pow(c.real("bias", 1) + c.real("alpha", 1e-4) / static_cast<double>(size) * total,
                   c.real("beta", 0.75));
}

// (x - mean) / (standard deviation + 1e-9), as the specification's function has it
Results mean_variance_normalization(const Call& c) {
    const Dims axes(c.integers("axes", {0, 2, 3}));
    return (c[0] - mean(c[0], axes, true)) / (stddev(c[0], axes, true, 0) + 1e-9);
}

// Since op set 21 a scale and a bias belong to a channel, before to a group.
Results group_normalization(const Call& c) {
    c.ignore("stash_type");
    const std::int64_t groups = c.integer("num_groups", 1), channels = c[0].size(1);
    const auto by_channel = [&](const Tensor& t) {
        return c.opset() >= 21 ? t : repeat_interleave(t, channels / groups);
    };
    return group_norm(c[0], groups, by_channel(c[1]), by_channel(c[2]), c.real("epsilon", 1e-5));
}

Results rms_normalization(const Call& c) {
    c.ignore("stash_type");
    const Tensor& x = c[0];
    const int axis = normalize_dim(c.integer("axis", -1), x.rank(), "RMSNormalization");
    Shape shape;
    for (int d = axis; d < x.rank(); ++d) shape.push_back(x.size(d));
    return rms_norm(x, shape, expand(c[1], shape), c.real("epsilon", 1e-5));
}

// x / its norm along the axis, and 0 where that is 0
Results lp_normalization(const Call& c) {
    const double p = static_cast<double>(c.integer("p", 2));
    const Tensor length = norm(c[0], p, {c.integer("axis", -1)}, true);
    return where(eq(length, 0.0), zeros_like(c[0]), c[0] / length);
}

}  // namespace

void add_norm_ops(OpTable& table) {
    table.insert({
        {"BatchNormalization", batch_normalization},
        {"LayerNormalization", layer_normalization},
        {"GroupNormalization", group_normalization},
        {"RMSNormalization", rms_normalization},
        {"LpNormalization", lp_normalization},
        {"LRN", local_response_normalization},
        {"MeanVarianceNormalization", mean_variance_normalization},
        {"InstanceNormalization",
         [](const Call& c) -> Results {
             return instance_norm(c[0], c[1], c[2], c.real("epsilon", 1e-5));
         }},
    });
}

}  // namespace eps::conformance
