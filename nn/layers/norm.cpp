#include "nn/layers/norm.h"

#include "autograd/checkpoint.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/create.h"

namespace eps::nn {

GroupNorm::GroupNorm(std::int64_t groups, std::int64_t channels, double epsilon)
    : weight(ones({channels})), bias(zeros({channels})), groups_(groups), epsilon_(epsilon) {
    check(groups >= 1 && channels >= 1 && channels % groups == 0, "GroupNorm",
          "the groups do not divide the channels; got ", groups, " groups, ", channels,
          " channels");
    add_parameter("weight", weight);
    add_parameter("bias", bias);
}

Tensor GroupNorm::forward(const Tensor& x) {
    return group_norm(x, groups_, weight, bias, epsilon_);
}

Tensor GroupNorm::forward_silu(const Tensor& x) {
    return group_norm_silu(x, groups_, weight, bias, epsilon_);
}

InstanceNorm::InstanceNorm(std::int64_t channels, double epsilon, bool affine)
    : channels_(channels), epsilon_(epsilon) {
    check(channels >= 1, "InstanceNorm", "needs at least one channel; got ", channels);
    if (!affine) return;
    weight = ones({channels});
    bias = zeros({channels});
    add_parameter("weight", weight);
    add_parameter("bias", bias);
}

Tensor InstanceNorm::forward(const Tensor& x) {
    check(x.defined() && x.rank() >= 3 && x.size(1) == channels_, "InstanceNorm", "needs x [B, ",
          channels_, ", pixels ..]; got ", describe(x));
    return instance_norm(x, weight, bias, epsilon_);
}

BatchNorm::BatchNorm(std::int64_t channels, double momentum, double epsilon)
    : weight(ones({channels})),
      bias(zeros({channels})),
      running_mean(zeros({channels})),
      running_var(ones({channels})),
      num_batches_tracked(zeros({}, {.dtype = i64})),
      momentum_(momentum),
      epsilon_(epsilon) {
    check(channels >= 1, "BatchNorm", "needs at least one channel; got ", channels);
    add_parameter("weight", weight);
    add_parameter("bias", bias);
    add_buffer("running_mean", running_mean);
    add_buffer("running_var", running_var);
    add_buffer("num_batches_tracked", num_batches_tracked);
}

Tensor BatchNorm::forward(const Tensor& x) {
    const Tensor y =
        batch_norm(x, running_mean, running_var, weight, bias,
                   {.training = is_training(), .momentum = momentum_, .epsilon = epsilon_});
    if (is_training())
        run_once([&]() -> std::vector<Tensor> {
            num_batches_tracked.copy_(num_batches_tracked + 1.0);
            return {};
        });
    return y;
}

LayerNorm::LayerNorm(const Shape& shape, double epsilon)
    : weight(ones(shape)), bias(zeros(shape)), epsilon_(epsilon) {
    add_parameter("weight", weight);
    add_parameter("bias", bias);
}

Tensor LayerNorm::forward(const Tensor& x) {
    return layer_norm(x, weight.shape(), weight, bias, epsilon_);
}

RMSNorm::RMSNorm(const Shape& shape, double epsilon) : weight(ones(shape)), epsilon_(epsilon) {
    add_parameter("weight", weight);
}
Tensor RMSNorm::forward(const Tensor& x) { return rms_norm(x, weight.shape(), weight, epsilon_); }

Tensor PixelNorm::forward(const Tensor& x) {
    check(x.defined() && x.rank() >= 2, "PixelNorm", "needs x [B, C, ..]; got ", describe(x));
    return x * rsqrt(mean(square(x), {1}, true) + epsilon_);
}

std::string GroupNorm::extra_repr() const {
    return str(groups_, " groups, ", weight.numel(), " channels");
}
std::string InstanceNorm::extra_repr() const { return str(channels_, " channels"); }
std::string BatchNorm::extra_repr() const { return str(weight.numel(), " channels"); }

}  // namespace eps::nn
