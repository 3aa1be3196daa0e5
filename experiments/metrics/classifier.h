#pragma once
// A small classifier of 28x28 images, trained here, whose features take the place of Inception's in
// the literature. Numbers that were measured with it are comparable only for the same weights,
// which `checksum` identifies.
#include <cstdint>
#include <memory>
#include <string>

#include "experiments/data/images.h"
#include "experiments/metrics/measured.h"
#include "nn/module.h"
#include "tensor/tensor.h"

namespace eps::metrics {

class Classifier {
public:
    /// Trains three convolutions, pooled to 64 features, and a linear layer for 10 classes, by a
    /// fixed recipe. On one instruction set the same data give the same weights, for any number of
    /// threads.
    ///
    /// Weights are cached in ${XDG_CACHE_HOME:-~/.cache}/varepsilon under a name with the hash of
    /// data and recipe. A damaged file or a folder that cannot be written only costs another
    /// training.
    explicit Classifier(const data::ImageDataset& train, std::int64_t epochs = 3);
    ~Classifier();

    struct Reading {
        Tensor features;       // f32 [N, 64]
        Tensor probabilities;  // f32 [N, 10]
        Tensor classes;        // i64 [N], the most probable class of each image
    };
    /// Shapes: images f32 [N, 784] in [0, 1].
    Reading read(const Tensor& images) const;
    /// The share of images of a labelled set that are classified correctly.
    double accuracy(const data::ImageDataset& set) const;
    /// The CRC-32 of the weights.
    std::uint32_t checksum() const;
    /// The cache file; "" if neither XDG_CACHE_HOME nor HOME is set.
    const std::string& file() const { return file_; }

private:
    class Network;
    void train(const data::ImageDataset& set, std::int64_t epochs);
    bool load();
    void save() const;
    std::unique_ptr<Network> network_;
    std::string file_;
};

/// The share of each class.
/// Shapes: classes i64 [N] -> f64 [10].
Tensor class_histogram(const Tensor& classes);

/// The total variation distance of two class histograms, 0 to 1:
///     sum_c |p_c - q_c| / 2
/// Shapes: classes i64 [n] and [m].
Measured class_total_variation(const Tensor& p_classes, const Tensor& q_classes);

/// The inception score with this classifier, 1 to 10. It is high if each sample has a clear class
/// and the classes are balanced:
///     exp(E KL(p(c | x) || p(c))), p(c) = E p(c | x)
/// Shapes: probabilities [N, 10].
/// Source: Salimans et al. 2016.
double classifier_score(const Tensor& probabilities);

}  // namespace eps::metrics
