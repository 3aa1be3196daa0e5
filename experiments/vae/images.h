#pragma once
// The images of a run of the VAE, as the model sees them: binarised or grey, in batches [B, 784] on
// the run's device.
#include <optional>

#include "experiments/data/batches.h"
#include "experiments/data/images.h"
#include "experiments/vae/options.h"

namespace eps::models::vae {

inline constexpr std::int64_t kSide = 28, kPixels = kSide * kSide;

/// Files are read when they are first needed: sampling needs none.
class Images {
public:
    /// `order_seed`: of the order in which an epoch takes the training images.
    Images(const Settings& settings, std::uint64_t order_seed)
        : settings_(settings), order_seed_(order_seed) {}

    const data::ImageDataset& train() { return loaded(train_, "train"); }
    const data::ImageDataset& test() { return loaded(test_, "test"); }
    /// Of "train" or "test", whatever the model is shown.
    data::ImageDataset grey(const std::string& split) const {
        return data::load_images(settings_.data, split, settings_.data_dir);
    }
    const data::BatchOrder& order();

    /// Rows of the images in [0, 1]; the training images stay on the device.
    Tensor train_rows(const Tensor& rows);
    Tensor test_rows(std::int64_t start, std::int64_t count);
    /// What the model is shown of a batch in [0, 1].
    Tensor prepare(const Tensor& batch, Generator& generator) const;

private:
    const data::ImageDataset& loaded(std::optional<data::ImageDataset>& set,
                                     const std::string& split) const;

    Settings settings_;
    std::uint64_t order_seed_;
    std::optional<data::ImageDataset> train_, test_;
    Tensor on_device_;
    std::optional<data::BatchOrder> order_;
};

}  // namespace eps::models::vae
