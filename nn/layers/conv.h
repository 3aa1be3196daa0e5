#pragma once
// Convolution layers. Inputs are [B, C, H, W] in any order of memory, or [B, C, L]; results are
// channels-last.
#include "autograd/ops/image/conv.h"
#include "autograd/ops/shape/rearrange.h"
#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

/// y = conv2d(x, weight) + bias: x [B, in, H, W], weight [out, in / groups, h, w], bias [out] ->
/// [B, out, H', W'] (autograd/ops/image/conv.h). Parameters start from U(-r, r), r = 1 / sqrt(in /
/// groups h w), as in PyTorch.
struct Conv2dLayerOptions {
    std::int64_t stride = 1, padding = 0, dilation = 1, groups = 1;
    bool bias = true;
    PadMode padding_mode = PadMode::zeros;
    DType dtype = f32;
    Generator* generator = nullptr;  // null: default_generator()
};
class Conv2d final : public Module {
public:
    Conv2d(std::int64_t in, std::int64_t out, std::int64_t size,
           const Conv2dLayerOptions& options = {});
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // [out, in / groups, size, size]
    Tensor bias;    // [out]; undefined without bias

private:
    Conv2dOptions geometry_;
    std::int64_t width_;
    PadMode mode_;
};

/// The same of signals: x [B, in, L], weight [out, in / groups, size].
using Conv1dLayerOptions = Conv2dLayerOptions;
class Conv1d final : public Module {
public:
    Conv1d(std::int64_t in, std::int64_t out, std::int64_t size,
           const Conv1dLayerOptions& options = {});
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;

private:
    Conv1dOptions geometry_;
    std::int64_t width_;
    PadMode mode_;
};

/// y = conv_transpose2d(x, weight) + bias: weight [in, out / groups, h, w]. Parameters start from
/// U(-r, r), r = 1 / sqrt(out / groups h w), as in PyTorch.
struct ConvTranspose2dLayerOptions {
    std::int64_t stride = 1, padding = 0, output_padding = 0, dilation = 1, groups = 1;
    bool bias = true;
    DType dtype = f32;
    Generator* generator = nullptr;
};
class ConvTranspose2d final : public Module {
public:
    ConvTranspose2d(std::int64_t in, std::int64_t out, std::int64_t size,
                    const ConvTranspose2dLayerOptions& options = {});
    Tensor forward(const Tensor& x) override;

    Tensor weight;  // [in, out / groups, size, size]
    Tensor bias;

private:
    eps::ConvTranspose2dOptions geometry_;
};

/// The same of signals: x [B, in, L], weight [in, out / groups, size].
using ConvTranspose1dLayerOptions = ConvTranspose2dLayerOptions;
class ConvTranspose1d final : public Module {
public:
    ConvTranspose1d(std::int64_t in, std::int64_t out, std::int64_t size,
                    const ConvTranspose1dLayerOptions& options = {});
    Tensor forward(const Tensor& x) override;

    Tensor weight, bias;

private:
    eps::ConvTranspose1dOptions geometry_;
};

}  // namespace eps::nn
