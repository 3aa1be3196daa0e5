#pragma once
// Classifier-free guidance: one network makes both the conditional and the unconditional
// prediction, and a denoiser combines them.
#include <functional>

#include "models/ddpm/denoiser.h"
#include "tensor/random.h"

namespace eps::models::ddpm {

/// A network that takes classes i64 [B], one of which stands for "no class".
using ClassConditional =
    std::function<Tensor(const Tensor& x, const Tensor& t, const Tensor& classes)>;

/// (1 + weight) eps(x, t, classes) - weight eps(x, t, none), and the same for predictions of x0, v
/// and means, which are linear in eps. weight 0 is the conditional model alone, at half the cost.
/// Learned variances are those of the conditional model.
/// Throws: on weight < 0; on a batch of another size than `classes`.
/// Source: Ho & Salimans 2022, eq. 6.
Denoiser guided(ClassConditional model, const Tensor& classes, std::int64_t none, double weight,
                Prediction kind = Prediction::noise, bool learned_variance = false);

/// The classes for a training step, each replaced by `none` with this probability.
/// Source: Ho & Salimans 2022, Algorithm 1.
Tensor drop_classes(const Tensor& classes, std::int64_t none, double probability,
                    Generator& generator);

}  // namespace eps::models::ddpm
