#pragma once
// Classes: one network that knows them and does without, and a denoiser made of both answers.
#include <functional>

#include "models/ddpm/denoiser.h"
#include "tensor/random.h"

namespace eps::models::ddpm {

/// A network that is told classes i64 [B], one of which stands for "not told".
using ClassConditional =
    std::function<Tensor(const Tensor& x, const Tensor& t, const Tensor& classes)>;

/// Classifier-free guidance: (1 + weight) eps(x, t, classes) - weight eps(x, t, none), and the same
/// of x0, v and means, in which eps is linear (Ho & Salimans 2022, eq. 6). weight 0 is the
/// conditional model alone, at half the cost. Learned variances are the conditional model's. Throws
/// on batches of another size than `classes`.
Denoiser guided(ClassConditional model, const Tensor& classes, std::int64_t none, double weight,
                Prediction kind = Prediction::noise, bool learned_variance = false);

/// The classes, each replaced by `none` with this probability: what such a network is trained with
/// (Algorithm 1 there).
Tensor drop_classes(const Tensor& classes, std::int64_t none, double probability,
                    Generator& generator);

}  // namespace eps::models::ddpm
