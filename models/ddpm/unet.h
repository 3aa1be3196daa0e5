#pragma once
// eps_theta of Ho, Jain & Abbeel 2020, appendix B: a U-Net of residual blocks with group
// normalisation, self-attention at some resolutions, and the time embedding added in every block.
#include <cstdint>
#include <memory>
#include <vector>

#include "models/ddpm/network.h"
#include "nn/layers/unet_blocks.h"

namespace eps::models::ddpm {

struct UNetOptions {
    std::int64_t image_channels = 1, image_size = 28, base = 32;
    /// Widths of the levels, in multiples of base. Each level after the first halves the image.
    std::vector<std::int64_t> multipliers{1, 2, 2};
    std::int64_t blocks = 2;  // residual blocks at each level going down; one more going up
    std::vector<std::int64_t> attention_at{14};  // image sizes with self-attention
    std::int64_t groups = 8;
    double dropout = 0;             // in every residual block
    std::int64_t classes = 0;       // 0: unconditional
    bool learned_variance = false;  // doubles the output channels
    /// Draws the initial weights; null: default_generator().
    Generator* generator = nullptr;
    /// Draws the dropout masks and must outlive the network; null: default_generator().
    Generator* masks = nullptr;
};

/// Shapes: [B, C, H, W] -> [B, C, H, W], or [B, 2 C, H, W] with learned variances
/// Throws: if the image cannot be halved at every level.
class UNet final : public Network {
public:
    explicit UNet(const UNetOptions& options);

private:
    Tensor predict(const Tensor& x, const Tensor& condition) override;

    /// A residual block, with attention behind it at some resolutions.
    struct Stage {
        std::unique_ptr<nn::ResidualBlock> block;
        std::unique_ptr<nn::AttentionBlock> attention;
        Tensor run(const Tensor& x, const Tensor& condition) const;
    };
    struct Level {
        std::vector<Stage> stages;
        std::unique_ptr<nn::Module> resample;  // to the next level; none at the last
    };
    Stage make_stage(const std::string& name, std::int64_t in, std::int64_t out, bool attends);

    UNetOptions options_;
    nn::Conv2d first_;
    std::vector<Level> down_, up_;
    Stage middle1_, middle2_;
    nn::GroupNorm last_norm_;
    nn::Conv2d last_;
};

}  // namespace eps::models::ddpm
