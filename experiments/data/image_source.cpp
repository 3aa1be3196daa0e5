#include "experiments/data/image_source.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "tensor/create.h"

namespace eps::data {

ImageDataset ImageSource::grey(const std::string& split) const {
    return load_images(options_.name, split, options_.dir);
}

const ImageDataset& ImageSource::loaded(std::optional<ImageDataset>& set,
                                        const std::string& split) {
    if (set) return *set;
    set = grey(split);
    if (options_.binarised) set->images = binarise_static(set->images, split == "train" ? 1 : 2);
    return *set;
}

const ImageDataset& ImageSource::on_device() {
    if (!on_device_)
        on_device_ = {to(train().images, options_.device), to(train().labels, options_.device),
                      train().name};
    return *on_device_;
}

const BatchOrder& ImageSource::order() {
    if (!order_) order_.emplace(train().images.size(0), options_.batch, options_.order_seed);
    return *order_;
}

std::int64_t ImageSource::smaller_split() {
    return std::min(train().images.size(0), test().images.size(0));
}

Tensor ImageSource::train_pixels(const Tensor& rows) {
    return take_rows_u8_as_f32(on_device().images, rows);
}

Tensor ImageSource::train_labels(const Tensor& rows) {
    const NoGrad guard;
    return index_select(on_device().labels, 0, rows);
}

Tensor pixels_of(const ImageDataset& set, std::int64_t start, std::int64_t count) {
    return take_rows_u8_as_f32(
        set.images,
        arange(static_cast<double>(start), static_cast<double>(start + count), 1, {.dtype = i64}));
}

}  // namespace eps::data
