#pragma once
// What the networks are shown: classes beside noise and samples, instance noise, packs of samples.
// With it both players of every variant are plain modules of one tensor.
#include <cstdint>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// x: examples, samples or noise [m, ...]; y: their classes, i64 [m], or undefined where the game
/// has none.
struct Minibatch {
    Tensor x, y;
};

/// Classes as further features or channels: x [m, F] -> [m, F + classes]; x [m, C, H, W] -> [m, C +
/// classes, H, W], constant planes   (Mirza & Osindero 2014, figure 1). Throws on a class outside
/// [0, classes).
Tensor condition(const Tensor& x, const Tensor& y, std::int64_t classes);

/// `pac` samples side by side as one: [m, F] -> [m / pac, pac F]; [m, C, H, W] -> [m / pac, pac C,
/// H, W]   (PacGAN, Lin et al. 2018, section 2). Throws unless pac >= 1 divides m.
Tensor pack(const Tensor& x, std::int64_t pac);

/// How D is shown a minibatch, data and samples alike: instance noise, then classes, then packs.
struct Presentation {
    std::int64_t classes = 0;  // 0: unconditional, y is not read
    std::int64_t pac = 1;
    // standard deviation of the noise added to x   (Sonderby et al. 2017); a captured step follows
    // it unless it is 0
    double instance_noise = 0;

    /// -> what D's forward takes.
    Tensor for_discriminator(const Minibatch& batch, Generator& generator) const;
    /// Noise with its classes -> what G's forward takes.
    Tensor for_generator(const Minibatch& noise) const;
};

}  // namespace eps::models::gan
