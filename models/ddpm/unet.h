#pragma once
// eps_theta of Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models" (2020), appendix B: a U-Net of residual blocks with group
// normalisation, self-attention at some resolutions, and the time added in every block.
#include <cstdint>
#include <memory>
#include <vector>

#include "nn/unet_blocks.h"

namespace eps::models::ddpm {

struct UNetOptions {
    std::int64_t image_channels = 1, image_size = 28, base = 32;
    std::vector<std::int64_t> multipliers{1, 2, 2};  // of base, a level each; every level halves the image
    std::int64_t blocks = 2;                         // residual blocks a level going down; one more going up
    std::vector<std::int64_t> attention_at{14};      // sizes of images
    std::int64_t groups = 8;
    Generator* generator = nullptr;
};

class UNet final : public nn::Module {
public:
    explicit UNet(const UNetOptions& options);
    /// x [B, C, H, W], t [B] -> the noise in x, [B, C, H, W]
    Tensor forward(const Tensor& x, const Tensor& t);

private:
    /// A residual block, with attention behind it at some resolutions.
    struct Stage {
        std::unique_ptr<nn::ResidualBlock> block;
        std::unique_ptr<nn::AttentionBlock> attention;
        Tensor run(const Tensor& x, const Tensor& time) const;
    };
    struct Level {
        std::vector<Stage> stages;
        std::unique_ptr<nn::Module> resample;  // to the next level; none at the last
    };
    Stage make_stage(const std::string& name, std::int64_t in, std::int64_t out, bool attends);

    UNetOptions options_;
    nn::Linear time1_, time2_;
    nn::Conv2d first_;
    std::vector<Level> down_, up_;
    Stage middle1_, middle2_;
    nn::GroupNorm last_norm_;
    nn::Conv2d last_;
};

}  // namespace eps::models::ddpm
