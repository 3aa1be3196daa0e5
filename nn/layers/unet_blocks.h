#pragma once
// The blocks of a U-Net (Ronneberger et al. 2015) as denoising diffusion uses it (Ho et al. 2020,
// appendix B): residual blocks conditioned on the time, attention over pixels, and changes of
// resolution. Inputs are [B, C, H, W]; every width is a number of channels.
#include <memory>

#include "nn/layers/conv.h"
#include "nn/layers/dropout.h"
#include "nn/layers/linear.h"
#include "nn/layers/norm.h"

namespace eps::nn {

struct ResidualBlockOptions {
    std::int64_t time_width = 0;     // 0: the block is not conditioned on the time
    std::int64_t groups = 8;         // groups of each group norm
    Generator* generator = nullptr;  // draws the weights; null: default_generator()
    double dropout = 0;              // before the second convolution
    // Draws the dropout's masks and must outlive the block; null: default_generator().
    Generator* masks = nullptr;
};

/// A residual block. Where channels change, a 1x1 convolution of x is added in place of x.
///     h = conv1(silu(norm1(x))) + W time
///     y = conv2(dropout(silu(norm2(h)))) + x
/// Submodules: norm1, conv1, time, norm2, conv2, dropout, skip.
/// Throws: unless the groups divide both widths.
class ResidualBlock final : public Module {
public:
    ResidualBlock(std::int64_t in, std::int64_t out, const ResidualBlockOptions& options = {});
    /// The block without a time.
    /// Shapes: x [B, in, H, W] -> [B, out, H, W].
    Tensor forward(const Tensor& x) override { return forward(x, {}); }
    /// time [B, time_width]: the embedded time after its activation; undefined for a block without.
    Tensor forward(const Tensor& x, const Tensor& time);

private:
    GroupNorm norm1_, norm2_;
    Conv2d conv1_, conv2_;
    Dropout dropout_;
    std::unique_ptr<Linear> time_;
    std::unique_ptr<Conv2d> skip_;
};

/// One head of self-attention over all pixels: x + W softmax(q k^T / sqrt(C)) v, where q, k and v
/// are 1x1 convolutions of norm(x). Submodules: norm, qkv, out.
/// Shapes: x [B, C, H, W] -> the same.
class AttentionBlock final : public Module {
public:
    explicit AttentionBlock(std::int64_t channels, std::int64_t groups = 8,
                            Generator* generator = nullptr);
    Tensor forward(const Tensor& x) override;

private:
    GroupNorm norm_;
    Conv2d qkv_, out_;
};

/// Halves the resolution by a 3x3 convolution of stride 2. Submodule: conv.
/// Shapes: x [B, C, H, W] -> [B, C, ceil(H / 2), ceil(W / 2)].
class DownsampleBlock final : public Module {
public:
    explicit DownsampleBlock(std::int64_t channels, Generator* generator = nullptr);
    Tensor forward(const Tensor& x) override { return conv_(x); }

private:
    Conv2d conv_;
};

/// Doubles the resolution by repeating pixels, then a 3x3 convolution, which avoids the
/// checkerboards of a transposed convolution. Submodule: conv.
/// Shapes: x [B, C, H, W] -> [B, C, 2 H, 2 W].
/// Source: Odena et al. 2016.
class UpsampleBlock final : public Module {
public:
    explicit UpsampleBlock(std::int64_t channels, Generator* generator = nullptr);
    Tensor forward(const Tensor& x) override;

private:
    Conv2d conv_;
};

}  // namespace eps::nn
