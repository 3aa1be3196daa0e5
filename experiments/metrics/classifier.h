#pragma once
// A small classifier of 28x28 images, trained here, whose features stand where the literature has
// Inception's. Numbers measured with it compare only with numbers measured with the same weights:
// `checksum` says which.
#include <cstdint>
#include <memory>
#include <string>

#include "experiments/data/images.h"
#include "nn/module.h"
#include "tensor/tensor.h"

namespace eps::metrics {

class Classifier {
public:
    /// What a fixed recipe makes of a training set: three convolutions, the last pooled to 64
    /// features, and 10 classes. The same set gives the same weights on one instruction set, for
    /// any number of threads. They are kept in ${XDG_CACHE_HOME:-~/.cache}/varepsilon under a name
    /// with the hash of data and recipe; a file that is damaged, and a folder that cannot be
    /// written, cost another training and are no error.
    explicit Classifier(const data::ImageDataset& train, std::int64_t epochs = 3);
    ~Classifier();

    struct Reading {
        Tensor features;       // f32 [N, 64]
        Tensor probabilities;  // f32 [N, 10]
        Tensor classes;        // i64 [N], the most probable ones
    };
    /// images f32 [N, 784] in [0, 1]
    Reading read(const Tensor& images) const;
    /// Share of a labelled set whose most probable class is right.
    double accuracy(const data::ImageDataset& set) const;
    /// CRC-32 of the weights.
    std::uint32_t checksum() const;
    /// Where the weights are kept; "" if there is no home for them.
    const std::string& file() const { return file_; }

private:
    class Network;
    void train(const data::ImageDataset& set, std::int64_t epochs);
    bool load();
    void save() const;
    std::unique_ptr<Network> network_;
    std::string file_;
};

/// Shares of each class among `classes` i64 [N] -> f64 [10]
Tensor class_histogram(const Tensor& classes);

struct TotalVariation {
    double value = 0, se = 0;
};
/// sum_c |p_c - q_c| / 2 of two class histograms, of classes [n] and [m]: 0 to 1.
TotalVariation class_total_variation(const Tensor& p_classes, const Tensor& q_classes);

/// exp(E KL(p(c | x) || p(c))) of probabilities [N, 10], p(c) their mean: 1 to 10, high where every
/// sample is clear and the classes are balanced: the inception score (Salimans et al. 2016), of
/// this classifier.
double classifier_score(const Tensor& probabilities);

}  // namespace eps::metrics
