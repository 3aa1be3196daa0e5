#include "cli/png.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/io/atomic_file.h"

namespace eps::cli {
namespace {

std::uint8_t level(double intensity) {
    return static_cast<std::uint8_t>(std::lround(255 * std::clamp(intensity, 0.0, 1.0)));
}

// The picture as bytes: u8 unchanged, intensities quantised.
Tensor as_levels(const std::string& path, const Tensor& picture) {
    if (picture.dtype() == u8) return contiguous(to(picture, cpu));
    check(is_floating(picture.dtype()), "write_png", "got ", describe(picture), " for '", path,
          "'; expected u8, or intensities in f32 or f64");
    const std::vector<double> intensities = picture.to_vector();
    check(std::none_of(intensities.begin(), intensities.end(),
                       [](double v) { return std::isnan(v); }),
          "write_png", "the picture holds NaN; got ", describe(picture), " for '", path,
          "'; expected numbers in [0, 1]");
    Tensor out = empty(picture.shape(), {.dtype = u8});
    std::transform(intensities.begin(), intensities.end(), out.data<std::uint8_t>(), level);
    return out;
}

// Repeats each pixel of [H, W] or [H, W, 3] `scale` times in both directions.
std::vector<std::uint8_t> enlarged(const Tensor& levels, std::int64_t scale) {
    const std::int64_t height = levels.size(0);
    const std::int64_t width = levels.size(1);
    const std::int64_t channels = levels.rank() == 3 ? 3 : 1;
    const auto* const from = levels.data<std::uint8_t>();
    std::vector<std::uint8_t> out;
    out.reserve(static_cast<std::size_t>(height * width * channels * scale * scale));
    for (std::int64_t y = 0; y < height * scale; ++y)
        for (std::int64_t x = 0; x < width * scale; ++x) {
            const auto* const pixel = from + ((y / scale) * width + x / scale) * channels;
            out.insert(out.end(), pixel, pixel + channels);
        }
    return out;
}

std::vector<std::byte> encoded(const std::string& path, const std::vector<std::uint8_t>& pixels,
                               std::int64_t height, std::int64_t width, bool colour) {
    png_image image{};  // the simplified interface of libpng: it reports errors by return value
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width);
    image.height = static_cast<png_uint_32>(height);
    image.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    std::vector<std::byte> bytes(size);
    const bool written =
        png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr) != 0;
    check(written, "write_png", "libpng failed: ", static_cast<const char*>(image.message),
          "; for '", path, "'");
    bytes.resize(size);
    return bytes;
}

void check_picture(const std::string& path, const Tensor& picture, std::int64_t scale) {
    check(picture.defined(), "write_png", "the picture for '", path, "' is undefined");
    const bool gray = picture.rank() == 2;
    const bool colour = picture.rank() == 3 && picture.size(2) == 3;
    check((gray || colour) && picture.numel() > 0, "write_png", "got ", describe(picture), " for '",
          path, "'; expected [H, W] or [H, W, 3], not empty");
    check(scale >= 1 && scale <= kLargestSide &&
              std::max(picture.size(0), picture.size(1)) <= kLargestSide / scale,
          "write_png", "scale ", scale, " of ", picture.shape(), " for '", path,
          "'; expected a scale >= 1 and sides of at most ", kLargestSide, " pixels");
}

}  // namespace

std::vector<std::byte> encode_png(const std::string& path, const Tensor& picture, int scale) {
    check_picture(path, picture, scale);
    const std::vector<std::uint8_t> pixels = enlarged(as_levels(path, picture), scale);
    return encoded(path, pixels, picture.size(0) * scale, picture.size(1) * scale,
                   picture.rank() == 3);
}

void write_png(const std::string& path, const Tensor& picture, int scale) {
    const std::vector<std::byte> bytes = encode_png(path, picture, scale);
    write_file_atomically(path, {bytes}, "write_png");
}

}  // namespace eps::cli
