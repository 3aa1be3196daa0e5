#include "experiments/vae/images.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"

namespace eps::models::vae {

const data::ImageDataset& Images::loaded(std::optional<data::ImageDataset>& set,
                                         const std::string& split) const {
    if (set) return *set;
    set = grey(split);
    // The binarised data set is the same for every seed of the run: one set, comparable results.
    if (settings_.pixels == Pixels::fixed)
        set->images = data::binarise_static(set->images, split == "train" ? 1 : 2);
    return *set;
}

const data::BatchOrder& Images::order() {
    if (!order_) order_.emplace(train().images.size(0), settings_.batch, order_seed_);
    return *order_;
}

Tensor Images::train_rows(const Tensor& rows) {
    if (!on_device_.defined()) on_device_ = to(train().images, settings_.device);
    return data::take_rows_u8_as_f32(on_device_, rows);
}

Tensor Images::test_rows(std::int64_t start, std::int64_t count) {
    const Tensor rows =
        arange(static_cast<double>(start), static_cast<double>(start + count), 1, {.dtype = i64});
    return to(data::take_rows_u8_as_f32(test().images, rows), settings_.device);
}

Tensor Images::prepare(const Tensor& batch, Generator& generator) const {
    if (settings_.pixels == Pixels::dynamic) return data::binarise_dynamic(batch, generator);
    if (!settings_.gaussian()) return batch;
    // Uniform dequantisation: a density of (p + u) / 256 bounds the probability of the 8-bit value
    // p   (Theis et al. 2016).
    return (batch * 255.0 + rand(batch.shape(), batch.options(), generator)) / 256.0;
}

}  // namespace eps::models::vae
