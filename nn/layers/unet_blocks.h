#pragma once
// The pieces of a U-Net (Ronneberger et al. 2015) as denoising diffusion uses it (Ho et al. 2020,
// appendix B): residual blocks that are told the time, attention over pixels, and steps between
// resolutions. Inputs are [B, C, H, W]; every width is a number of channels.
#include <memory>

#include "nn/layers/conv.h"
#include "nn/layers/dropout.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"

namespace eps::nn {

/// h = conv(silu(GN(x))) + W time;  y = conv(dropout(silu(GN(h)))) + x, or + a 1x1 convolution of x
/// where channels change. Throws unless the groups divide both widths. Submodules: norm1, conv1,
/// time, norm2, conv2, dropout, and skip.
struct ResidualBlockOptions {
    std::int64_t time_width = 0;     // 0: the block is not told the time
    std::int64_t groups = 8;         // of the group norms
    Generator* generator = nullptr;  // null: default_generator()
    double dropout = 0;              // before the second convolution
    // of the dropout, which must outlive the block; null: default_generator()
    Generator* masks = nullptr;
};
class ResidualBlock final : public Module {
public:
    ResidualBlock(std::int64_t in, std::int64_t out, const ResidualBlockOptions& options = {});
    /// x [B, in, H, W] -> [B, out, H, W], of a block without time.
    Tensor forward(const Tensor& x) override { return forward(x, {}); }
    /// time [B, time_width]: what stands for the time, its activation applied already; undefined
    /// for a block without.
    Tensor forward(const Tensor& x, const Tensor& time);

private:
    GroupNorm norm1_, norm2_;
    Conv2d conv1_, conv2_;
    Dropout dropout_;
    std::unique_ptr<Linear> time_;
    std::unique_ptr<Conv2d> skip_;
};

/// x + W softmax(q k^T / sqrt(C)) v over all pixels, q, k and v from 1x1 convolutions of GN(x); one
/// head: [B, C, H, W] -> the same. Submodules: norm, qkv, out.
class AttentionBlock final : public Module {
public:
    explicit AttentionBlock(std::int64_t channels, std::int64_t groups = 8,
                            Generator* generator = nullptr);
    Tensor forward(const Tensor& x) override;

private:
    GroupNorm norm_;
    Conv2d qkv_, out_;
};

/// A 3x3 convolution of stride 2: [B, C, H, W] -> [B, C, ceil(H / 2), ceil(W / 2)]. Submodule:
/// conv.
class DownsampleBlock final : public Module {
public:
    explicit DownsampleBlock(std::int64_t channels, Generator* generator = nullptr);
    Tensor forward(const Tensor& x) override { return conv_(x); }

private:
    Conv2d conv_;
};

/// Pixels doubled, then a 3x3 convolution: [B, C, H, W] -> [B, C, 2 H, 2 W], without the
/// checkerboards of a transposed convolution (Odena et al. 2016). Submodule: conv.
class UpsampleBlock final : public Module {
public:
    explicit UpsampleBlock(std::int64_t channels, Generator* generator = nullptr);
    Tensor forward(const Tensor& x) override;

private:
    Conv2d conv_;
};

}  // namespace eps::nn
