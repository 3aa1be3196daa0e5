#pragma once
// Flows of images: squeezing, several scales, and two architectures made of them.
#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// `inverse` turns each 2x2 square of pixels into four channels, `transform` does the reverse;
/// log |det| = 0.
/// Shapes: transform: [B, 4 C, H / 2, W / 2] -> [B, C, H, W]
/// Throws: on odd extents.
/// Source: Dinh et al. 2017, section 3.6.
class Squeeze final : public Bijector {
public:
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "squeeze"; }
};

/// From points [B, D] to images [B, C, H, W], D = C H W. In the direction of `inverse`, half of
/// each level's output channels become part of the point, and the other half enter the next level;
/// the last level's output becomes part of the point as a whole.
/// Source: Dinh et al. 2017, eq. 14 to 16.
class Multiscale final : public Bijector {
public:
    /// Appends a level, finest first, whose inverse returns [B, C', H', W'] for `latent` = [C', H',
    /// W'].
    /// Throws: after a level with an odd number of channels C'.
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
    /// How many elements of the point belong to level i.
    std::int64_t part_of(std::size_t i) const;
    std::vector<Level> levels_;
};

struct ImageFlowOptions {
    std::int64_t channels = 1, height = 28, width = 28;
    std::int64_t levels = 2, steps = 4;  // scales; couplings of each kind at a scale
    std::int64_t filters = 64;           // channels in the networks
    double alpha = 0.05;                 // for the final Logit
};
/// RealNVP, from points [B, D] to images in (0, 1): at each scale `steps` couplings with
/// checkerboards, a squeeze, and as many couplings of channel halves, each followed by actnorm
/// (instead of batch norm). The last scale has one more checkerboard and no squeeze.
/// Source: Dinh et al. 2017, section 3.6.
std::unique_ptr<Composition> realnvp(const ImageFlowOptions& options, Generator& generator);
/// Glow, from points [B, D] to images in (0, 1): at each scale a squeeze, then `steps` times
/// actnorm, 1x1 convolution and coupling.
/// Source: Kingma & Dhariwal 2018, figure 2.
std::unique_ptr<Composition> glow(const ImageFlowOptions& options, Generator& generator);

}  // namespace eps::models::flow
