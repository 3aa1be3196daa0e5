#pragma once
// libpng's image, released at the end of its scope. Its simplified interface reports errors by
// return value and message. (The other one uses longjmp.)
#include <png.h>

namespace eps::cli {

struct PngImage {
    png_image png{};
    PngImage() { png.version = PNG_IMAGE_VERSION; }
    ~PngImage() { png_image_free(&png); }
    PngImage(const PngImage&) = delete;
    PngImage& operator=(const PngImage&) = delete;
};

}  // namespace eps::cli
