#pragma once
// Flows of images: squeezing, several scales, and the two architectures made of them.
#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// Backwards, each 2x2 square of pixels becomes four channels: [B, 4 C, H / 2, W / 2] -> [B, C, H,
/// W] by transform; log |det| = 0   (Dinh et al. 2017, section 3.6). Throws on odd extents.
class Squeeze final : public Bijector {
public:
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "squeeze"; }
};

/// From points [B, D] to images [B, C, H, W], D = C H W. Backwards, level after level, half of the
/// channels that a level gives is a part of the point and the other half goes on; of the last
/// level, all is a part   (Dinh et al. 2017, eq. 14 to 16).
class Multiscale final : public Bijector {
public:
    /// Appends a level, finest first: its inverse gives [B, C', H', W'] for `latent` = [C', H',
    /// W']. Throws on an odd C' of one that others follow.
    Multiscale& add(std::unique_ptr<Bijector> level, const Shape& latent);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& x, const Tensor& context = {}) override;
    std::string name() const override { return "multiscale"; }
    std::int64_t size() const { return static_cast<std::int64_t>(levels_.size()); }

private:
    struct Level {
        std::unique_ptr<Bijector> flow;
        Shape latent;
    };
    /// How many numbers of the point are level i's.
    std::int64_t part_of(std::size_t i) const;
    std::vector<Level> levels_;
};

struct ImageFlowOptions {
    std::int64_t channels = 1, height = 28, width = 28;
    std::int64_t levels = 2, steps = 4;  // scales; couplings of a kind at each
    std::int64_t filters = 64;           // of the networks
    double alpha = 0.05;                 // of the Logit at the end
};
/// RealNVP: at each scale `steps` couplings with checkerboards, a squeeze, as many with halves of
/// the channels, actnorm after each (in the place of batch norm); at the last scale one
/// checkerboard more, and no squeeze   (Dinh et al. 2017, section 3.6). [B, D] <-> images in (0,
/// 1).
std::unique_ptr<Composition> realnvp(const ImageFlowOptions& options, Generator& generator);
/// Glow: at each scale a squeeze and `steps` times actnorm, 1x1 convolution, coupling   (Kingma &
/// Dhariwal 2018, figure 2).
std::unique_ptr<Composition> glow(const ImageFlowOptions& options, Generator& generator);

}  // namespace eps::models::flow
