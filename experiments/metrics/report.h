#pragma once
// What `eps eval` reports of samples of any family, beside the floor that the data set itself
// gives: keys as in docs/eval.md.
#include <cstdint>

#include "experiments/data/images.h"
#include "experiments/data/toy.h"
#include "experiments/metrics/classifier.h"
#include "experiments/run/task.h"
#include "tensor/random.h"

namespace eps::metrics {

/// A report needs as many samples, and as many images, at least.
constexpr std::int64_t kFewestPoints = 20;

/// samples f32 [N, 2] of a model of `toy`: modes, high-quality share and reverse KL where it is a
/// mixture, and the two-sample metrics against N fresh draws. Each with `_se` where it has a
/// standard error, and with `_floor`: the same metric of two independent draws of the data.
models::Scalars toy_report(const Tensor& samples, const data::Toy& toy, Generator& generator);

/// samples f32 [N, 784] in [0, 1] of a model of `train`, against as many images of `test`; `_floor`
/// compares images of train with those of test. Distances between pairs are of a classifier's
/// features, which the first call on a data set trains (experiments/metrics/classifier.h).
models::Scalars image_report(const Tensor& samples, const data::ImageDataset& train,
                             const data::ImageDataset& test, Generator& generator);

/// The cheap part of it, for a look during training, on 500 samples at most: class_tv, density and
/// coverage, each with `_se`. (Of toys, mode_coverage is that.)
models::Scalars image_diagnostics(const Tensor& samples, const data::ImageDataset& test,
                                  const Classifier& classifier);

}  // namespace eps::metrics
