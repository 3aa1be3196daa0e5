#pragma once
// Convolution layers. Inputs are images [B, C, H, W] in any memory order, or signals [B, C, L].
// Outputs are channels-last. Kernels have the same size, stride and padding in both dimensions.
// Formulas and extents: autograd/ops/image/conv.h.
#include "autograd/ops/image/conv.h"
#include "autograd/ops/shape/rearrange.h"
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

struct ConvOptions {
    std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
    bool bias = true;
    PadMode padding_mode = PadMode::zeros;
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// y = conv2d(x, weight) + bias. Parameters start from U(-r, r), r = 1 / sqrt(in / groups size^2),
/// as in PyTorch.
/// Shapes: x [B, in, H, W] -> [B, out, H', W'].
class Conv2d final : public Module {
public:
    using Options = ConvOptions;
    Conv2d(std::int64_t in, std::int64_t out, std::int64_t size, const ConvOptions& options = {});
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight;  // [out, in / groups, size, size]
    Tensor bias;    // [out]; undefined without bias

private:
    ConvOptions options_;
};

/// Conv2d for signals.
/// Shapes: x [B, in, L] -> [B, out, L'].
class Conv1d final : public Module {
public:
    using Options = ConvOptions;
    Conv1d(std::int64_t in, std::int64_t out, std::int64_t size, const ConvOptions& options = {});
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight;  // [out, in / groups, size]
    Tensor bias;    // [out]; undefined without bias

private:
    ConvOptions options_;
};

struct ConvTransposeOptions {
    std::int64_t stride = 1, padding = 0, output_padding = 0, dilation = 1, groups = 1;
    bool bias = true;
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};

/// y = conv_transpose2d(x, weight) + bias. Parameters start from U(-r, r),
/// r = 1 / sqrt(out / groups size^2), as in PyTorch.
/// Shapes: x [B, in, H, W] -> [B, out, H', W'].
class ConvTranspose2d final : public Module {
public:
    using Options = ConvTransposeOptions;
    ConvTranspose2d(std::int64_t in, std::int64_t out, std::int64_t size,
                    const ConvTransposeOptions& options = {});
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight;  // [in, out / groups, size, size]
    Tensor bias;    // [out]; undefined without bias

private:
    ConvTransposeOptions options_;
};

/// ConvTranspose2d for signals.
/// Shapes: x [B, in, L] -> [B, out, L'].
class ConvTranspose1d final : public Module {
public:
    using Options = ConvTransposeOptions;
    ConvTranspose1d(std::int64_t in, std::int64_t out, std::int64_t size,
                    const ConvTransposeOptions& options = {});
    Tensor forward(const Tensor& x) override;
    std::string extra_repr() const override;

    Tensor weight;  // [in, out / groups, size]
    Tensor bias;    // [out]; undefined without bias

private:
    ConvTransposeOptions options_;
};

}  // namespace eps::nn
