#pragma once
// An image data set that is read when it is first asked for: drawing samples from a trained model
// needs none.
#include <optional>
#include <string>
#include <utility>

#include "autograd/ops/elementwise/cast.h"
#include "experiments/data/batches.h"
#include "experiments/data/images.h"

namespace eps::data {

class ImageSource {
public:
    /// Batches of `batch` rows of the training set, in the order of `seed`.
    ImageSource(std::string name, std::string dir, std::int64_t batch, std::uint64_t seed)
        : name_(std::move(name)), dir_(std::move(dir)), batch_(batch), seed_(seed) {}

    const ImageDataset& train() const { return loaded(train_, "train"); }
    /// The same images on the device of training: a copy is made once.
    const ImageDataset& train_on(Device device) const {
        if (!on_device_ || on_device_->images.device() != device)
            on_device_ = {to(train().images, device), to(train().labels, device), train().name};
        return *on_device_;
    }
    const ImageDataset& test() const { return loaded(test_, "test"); }
    const BatchOrder& order() const {
        if (!order_) order_.emplace(train().images.size(0), batch_, seed_);
        return *order_;
    }

private:
    const ImageDataset& loaded(std::optional<ImageDataset>& set, const char* split) const {
        if (!set) set = load_images(name_, split, dir_);
        return *set;
    }

    std::string name_, dir_;
    std::int64_t batch_;
    std::uint64_t seed_;
    mutable std::optional<ImageDataset> train_, test_, on_device_;
    mutable std::optional<BatchOrder> order_;
};

}  // namespace eps::data
