#pragma once
// What the two networks take: classes beside noise and samples, instance noise, and packs of
// samples. With these, both players of every variant are plain modules of one tensor.
#include <cstdint>

#include "models/minibatch.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// Appends one-hot classes as features, or as constant channels of an image.
/// Shapes: x [m, F], y [m] -> [m, F + classes]; x [m, C, H, W] -> [m, C + classes, H, W]
/// Throws: on a class outside [0, classes).
/// Source: Mirza & Osindero 2014, figure 1.
Tensor condition(const Tensor& x, const Tensor& y, std::int64_t classes);

/// Concatenates each `pac` consecutive samples along dimension 1, so that D judges them together.
/// Shapes: [m, F] -> [m / pac, pac F]; [m, C, H, W] -> [m / pac, pac C, H, W]
/// Throws: unless pac >= 1 divides m.
/// Source: PacGAN, Lin et al. 2018, section 2.
Tensor pack(const Tensor& x, std::int64_t pac);

/// How a minibatch, of data or of samples, becomes D's input: instance noise is added, then classes
/// are appended, then samples are packed.
struct DiscriminatorInput {
    std::int64_t classes = 0;  // 0: unconditional, y is ignored
    std::int64_t pac = 1;
    /// Standard deviation of the noise added to x (Sonderby et al. 2017). A captured step follows
    /// its changes, unless it is 0 at capture.
    double instance_noise = 0;

    Tensor operator()(const Minibatch& batch, Generator& generator) const;
};

/// G's input: noise, with the classes to generate where there are any.
Tensor generator_input(const Minibatch& noise, std::int64_t classes);

}  // namespace eps::models::gan
