#include "experiments/data/images.h"

#include <algorithm>
#include <filesystem>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/batches.h"
#include "experiments/data/idx.h"
#include "tensor/create.h"

namespace eps::data {
namespace {

// Where the Debian package dataset-fashion-mnist installs its files.
constexpr const char* kFashionFolder = "/usr/share/datasets/fashion-mnist";
constexpr std::int64_t kSide = 28, kClasses = 10;
// Images that binarise_static converts at a time, which bounds its memory. Another number would
// give other images for the same seed.
constexpr std::int64_t kBinariseBatch = 1000;

std::string folder_of(const std::string& name, const std::string& dir) {
    if (!dir.empty()) return dir;
    if (name == "fashion-mnist") return kFashionFolder;
    throw DataUnavailable("load_images",
                          str("the folder of data set '", name,
                              "' is needed; hint: --data-dir DIR, with its four .gz files"));
}

std::string find_file(const std::string& name, const std::string& folder, const std::string& file) {
    for (const char* suffix : {".gz", ""}) {
        std::string path = folder;
        path.append("/").append(file).append(suffix);
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored)) return path;
    }
    const std::string hint = name == "fashion-mnist"
                                 ? "; hint: apt install dataset-fashion-mnist, or --data-dir DIR"
                                 : "; hint: --data-dir DIR";
    throw DataUnavailable("load_images", str("data set '", name, "' is not there; found no '", file,
                                             ".gz' in '", folder, "'", hint));
}

}  // namespace

ImageDataset load_images(const std::string& name, const std::string& split,
                         const std::string& dir) {
    check(name == "fashion-mnist" || name == "mnist", "load_images", "unknown data set '", name,
          "'; expected fashion-mnist or mnist");
    check(split == "train" || split == "test", "load_images", "unknown split '", split,
          "'; expected train or test");
    const std::string folder = folder_of(name, dir), prefix = split == "train" ? "train" : "t10k";
    const std::string image_path = find_file(name, folder, prefix + "-images-idx3-ubyte");
    const std::string label_path = find_file(name, folder, prefix + "-labels-idx1-ubyte");
    const Tensor images = read_idx(image_path), labels = read_idx(label_path);
    check(images.rank() == 3 && images.size(1) == kSide && images.size(2) == kSide, "load_images",
          "images of the wrong shape; got ", images.shape(), " in '", image_path,
          "'; expected [N, 28, 28]");
    check(labels.shape() == Shape{images.size(0)}, "load_images",
          "images and labels do not match; got ", labels.shape(), " in '", label_path,
          "'; expected ", Shape{images.size(0)});
    const auto* const label = labels.data<std::uint8_t>();
    const auto wrong =
        std::find_if(label, label + labels.numel(), [](int c) { return c >= kClasses; });
    check(wrong == label + labels.numel(), "load_images",
          "a label is not a class; found one above 9 in '", label_path, "'; expected 0 to 9");
    return {images, to(labels, i64), name};
}

Tensor binarise_static(const Tensor& images, std::uint64_t seed) {
    check(images.defined() && images.dtype() == u8 && images.rank() >= 1, "binarise_static",
          "needs u8 images; got ", describe(images));
    Generator generator(seed);
    Tensor out = empty(images.shape(), {.dtype = u8});
    auto* const target = out.data<std::uint8_t>();
    const std::int64_t count = images.size(0), pixels = count == 0 ? 0 : images.numel() / count;
    for (std::int64_t first = 0; first < count; first += kBinariseBatch) {
        const std::int64_t last = std::min(count, first + kBinariseBatch);
        const Tensor rows =
            arange(static_cast<double>(first), static_cast<double>(last), 1, {.dtype = i64});
        const Tensor ones =
            contiguous(to(bernoulli(take_rows_u8_as_f32(images, rows), generator), u8));
        const auto* const one = ones.data<std::uint8_t>();
        std::transform(one, one + ones.numel(), target + first * pixels,
                       [](std::uint8_t b) { return static_cast<std::uint8_t>(b ? 255 : 0); });
    }
    return out;
}

Tensor binarise_dynamic(const Tensor& batch, Generator& generator) {
    check(batch.defined() && batch.dtype() == f32, "binarise_dynamic",
          "needs f32 intensities in [0, 1]; got ", describe(batch),
          "; hint: take_rows_u8_as_f32(images, indices)");
    return to(bernoulli(batch, generator), f32);
}

}  // namespace eps::data
