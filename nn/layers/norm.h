#pragma once
// Normalisation layers. Formulas, errors and sources: autograd/ops/norm/norm.h. Weights start at 1
// and biases at 0.
#include "nn/module.h"

namespace eps::nn {

/// group_norm with a weight and a bias for each channel.
/// Shapes: x [B, C, ..] -> the same.
class GroupNorm final : public Module {
public:
    GroupNorm(std::int64_t groups, std::int64_t channels, double epsilon = 1e-5);
    Tensor forward(const Tensor& x) override;
    /// silu(forward(x)) in one pass.
    Tensor forward_silu(const Tensor& x);
    std::string extra_repr() const override;

    Tensor weight, bias;  // [C]

private:
    std::int64_t groups_;
    double epsilon_;
};

/// instance_norm by the statistics of each sample, in training and evaluation alike. As in PyTorch
/// it has no weight and bias unless `affine`.
/// Shapes: x [B, C, ..] -> the same.
class InstanceNorm final : public Module {
public:
    explicit InstanceNorm(std::int64_t channels, double epsilon = 1e-5, bool affine = false);
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight, bias;  // [C]; undefined unless affine

private:
    std::int64_t channels_;
    double epsilon_;
};

/// batch_norm of images, signals or features: the layer for every rank. Buffers have PyTorch's
/// names: running_mean, running_var, num_batches_tracked.
/// Shapes: x [B, C, ..] -> the same.
class BatchNorm final : public Module {
public:
    explicit BatchNorm(std::int64_t channels, double momentum = 0.1, double epsilon = 1e-5);
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight, bias;               // [C]
    Tensor running_mean, running_var;  // [C]
    Tensor num_batches_tracked;        // i64, rank 0

private:
    double momentum_, epsilon_;
};

/// layer_norm over the last dimensions, whose extents are `shape`.
class LayerNorm final : public Module {
public:
    explicit LayerNorm(const Shape& shape, double epsilon = 1e-5);
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;  // shape

private:
    double epsilon_;
};

/// rms_norm over the last dimensions, whose extents are `shape`.
class RMSNorm final : public Module {
public:
    explicit RMSNorm(const Shape& shape, double epsilon = 1e-6);
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // shape

private:
    double epsilon_;
};

/// x / sqrt(mean of x^2 over the channels + epsilon), for each pixel; it has no parameters.
/// Shapes: x [B, C, ..] -> the same.
/// Source: Karras et al. 2018, section 4.2.
class PixelNorm final : public Module {
public:
    explicit PixelNorm(double epsilon = 1e-8) : epsilon_(epsilon) {}
    Tensor forward(const Tensor& x) override;

private:
    double epsilon_;
};

}  // namespace eps::nn
