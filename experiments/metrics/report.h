#pragma once
// The metrics that `eps eval` reports for samples of any family. Each stands beside its floor: the
// same metric of the data set against itself. docs/eval.md explains the keys.
#include <cstdint>

#include "experiments/data/images.h"
#include "experiments/data/toy.h"
#include "experiments/metrics/classifier.h"
#include "experiments/run/task.h"
#include "tensor/random.h"

namespace eps::metrics {

/// The least number of samples, and of images, for a report.
constexpr std::int64_t kFewestPoints = 20;

/// Modes, high-quality share and reverse KL if `toy` is a mixture, and the two-sample metrics
/// against N fresh draws. Keys with `_se` are standard errors; those with `_floor` compare two
/// independent draws of the data. Shapes: samples f32 [N, 2].
models::Scalars toy_report(const Tensor& samples, const data::Toy& toy, Generator& generator);

/// Compares samples of a model of `train` with as many images of `test`; `_floor` compares images
/// of train with those of test. Two-sample metrics use the features of a classifier, which the
/// first call for a data set trains (experiments/metrics/classifier.h). Shapes: samples f32 [N,
/// 784] in [0, 1].
models::Scalars image_report(const Tensor& samples, const data::ImageDataset& train,
                             const data::ImageDataset& test, Generator& generator);

/// The cheap part of image_report, for use during training: class_tv, density and coverage, each
/// with
/// `_se`, on at most 500 samples. (For toys, mode_coverage serves this purpose.)
models::Scalars image_diagnostics(const Tensor& samples, const data::ImageDataset& test,
                                  const Classifier& classifier);

}  // namespace eps::metrics
