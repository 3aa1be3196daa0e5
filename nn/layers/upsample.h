#pragma once
// Layers that change the size of images.
#include <utility>

#include "autograd/ops/image/upsample.h"
#include "autograd/ops/shape/rearrange.h"
#include "nn/module.h"

namespace eps::nn {

/// interpolate(x, options): Upsample({.scale_factor = {2}, .mode = Interpolation::linear}).
class Upsample final : public Module {
public:
    explicit Upsample(InterpolateOptions options) : options_(std::move(options)) {}
    Tensor forward(const Tensor& x) override { return interpolate(x, options_); }

private:
    InterpolateOptions options_;
};

/// Turns channels into pixels, the "sub-pixel convolution" after a Conv2d.
/// Shapes: x [B, C r^2, H, W] -> [B, C, H r, W r].
/// Source: Shi et al. 2016.
class PixelShuffle final : public Module {
public:
    explicit PixelShuffle(std::int64_t factor) : factor_(factor) {}
    Tensor forward(const Tensor& x) override { return pixel_shuffle(x, factor_); }
    std::string extra_repr() const override { return str(factor_); }

private:
    std::int64_t factor_;
};

/// The inverse of PixelShuffle.
/// Shapes: x [B, C, H r, W r] -> [B, C r^2, H, W].
class PixelUnshuffle final : public Module {
public:
    explicit PixelUnshuffle(std::int64_t factor) : factor_(factor) {}
    Tensor forward(const Tensor& x) override { return pixel_unshuffle(x, factor_); }
    std::string extra_repr() const override { return str(factor_); }

private:
    std::int64_t factor_;
};

}  // namespace eps::nn
