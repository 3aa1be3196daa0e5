#pragma once
// Normalisation layers; formulas, errors and sources are in autograd/ops/norm/norm.h. Weights start
// at 1, biases at 0.
#include "nn/module.h"

namespace eps::nn {

/// group_norm over [B, C, ..] with a weight and a bias a channel.
class GroupNorm final : public Module {
public:
    GroupNorm(std::int64_t groups, std::int64_t channels, double epsilon = 1e-5);
    Tensor forward(const Tensor& x) override;
    /// silu(forward(x)) in one pass.
    Tensor forward_silu(const Tensor& x);

    Tensor weight, bias;  // [C]

private:
    std::int64_t groups_;
    double epsilon_;
};

/// instance_norm over [B, C, ..] by the statistics of each sample, in training and evaluation. As
/// in PyTorch it has no weight and bias unless `affine`.
class InstanceNorm final : public Module {
public:
    explicit InstanceNorm(std::int64_t channels, double epsilon = 1e-5, bool affine = false);
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;  // [C]; undefined unless affine

private:
    std::int64_t channels_;
    double epsilon_;
};

/// batch_norm over [B, C, ..]: images, signals or features. Buffers as in PyTorch: running_mean,
/// running_var, num_batches_tracked.
class BatchNorm final : public Module {
public:
    explicit BatchNorm(std::int64_t channels, double momentum = 0.1, double epsilon = 1e-5);
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;               // [C]
    Tensor running_mean, running_var;  // [C]
    Tensor num_batches_tracked;        // i64, rank 0

private:
    double momentum_, epsilon_;
};

/// layer_norm over the last dimensions, of these extents.
class LayerNorm final : public Module {
public:
    explicit LayerNorm(const Shape& shape, double epsilon = 1e-5);
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;  // shape

private:
    double epsilon_;
};

/// rms_norm over the last dimensions, of these extents.
class RMSNorm final : public Module {
public:
    explicit RMSNorm(const Shape& shape, double epsilon = 1e-6);
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // shape

private:
    double epsilon_;
};

/// x / sqrt(mean over channels of x^2 + epsilon) for every place of [B, C, ..] (Karras et al. 2018,
/// section 4.2); no parameters.
class PixelNorm final : public Module {
public:
    explicit PixelNorm(double epsilon = 1e-8) : epsilon_(epsilon) {}
    Tensor forward(const Tensor& x) override;

private:
    double epsilon_;
};

}  // namespace eps::nn
