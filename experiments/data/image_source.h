#pragma once
// An image data set in batches. It is loaded when it is first used: drawing samples from a trained
// model needs no data.
#include <cstdint>
#include <optional>
#include <string>

#include "experiments/data/batches.h"
#include "experiments/data/images.h"

namespace eps::data {

struct ImageSourceOptions {
    std::string name, dir;
    std::int64_t batch;
    std::uint64_t order_seed;  // seeds the order of the training images in each epoch
    Device device = cpu;       // where batches are made
    bool binarised = false;    // statically (images.h): one data set for all seeds of a run
};

class ImageSource {
public:
    static constexpr std::int64_t kSide = 28, kPixels = kSide * kSide;

    explicit ImageSource(ImageSourceOptions options) : options_(std::move(options)) {}

    const ImageDataset& train() { return loaded(train_, "train"); }
    const ImageDataset& test() { return loaded(test_, "test"); }
    /// The same images before they were binarised: "train" or "test".
    ImageDataset grey(const std::string& split) const;
    /// The number of images in the smaller of the two splits.
    std::int64_t smaller_split();

    std::int64_t steps_per_epoch() { return order().steps_per_epoch(); }
    /// The indices of training batch 0, 1, 2, ...: i64 [batch], on the CPU.
    Tensor rows(std::int64_t batch) { return order().indices(batch); }
    /// Training images f32 [B, 784] in [0, 1] and their labels i64 [B]: rows and results are on the
    /// device, where the images are copied once.
    Tensor train_pixels(const Tensor& rows);
    Tensor train_labels(const Tensor& rows);

private:
    const ImageDataset& loaded(std::optional<ImageDataset>& set, const std::string& split);
    const ImageDataset& on_device();
    const BatchOrder& order();

    ImageSourceOptions options_;
    std::optional<ImageDataset> train_, test_, on_device_;
    std::optional<BatchOrder> order_;
};

/// Images start .. start + count - 1 of a set: f32 [count, 784] in [0, 1].
Tensor pixels_of(const ImageDataset& set, std::int64_t start, std::int64_t count);

}  // namespace eps::data
