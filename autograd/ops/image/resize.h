#pragma once
// Resizing along one dimension as a table for resample(): where each output looks, and with what
// weights. All modes of PyTorch's interpolate and of ONNX's Resize are choices of these options.
#include <cstdint>

#include "tensor/contract/csr_matrix.h"

namespace eps {

enum class Filter : std::uint8_t { nearest, linear, cubic };

/// Where output i looks, in a dimension resized from n to m with scale s = m / n:
enum class Coordinates : std::uint8_t {
    half_pixel,            // (i + 1/2) / s - 1/2: centres of pixels on centres
    half_pixel_symmetric,  // the same, kept centred where s is not m / n
    pytorch_half_pixel,    // the same, but 0 if m = 1
    tf_half_pixel_for_nn,  // (i + 1/2) / s
    align_corners,         // i (n - 1) / (m - 1): first on first, last on last
    asymmetric,            // i / s
    // align_corners of the part from crop_start (n - 1) to crop_end (n - 1); nothing outside of x
    tf_crop_and_resize,
};
// the last two: to the nearest, and halves down or up
enum class Rounding : std::uint8_t { floor, ceil, prefer_floor, prefer_ceil };

struct ResizeOptions {
    Filter filter = Filter::linear;
    Coordinates coordinates = Coordinates::half_pixel;
    Rounding rounding = Rounding::prefer_floor;  // of nearest
    double scale = 0;                            // if not outputs / inputs
    double cubic = -0.75;                        // the coefficient a of Keys (1981)
    // inputs beyond the edge have weight 0, the others sum to 1; else the edge is repeated
    bool exclude_outside = false;
    // where it shrinks, the filter widens by 1 / scale, and excludes what is outside
    bool antialias = false;
    double crop_start = 0, crop_end = 1;
};

/// The table of `resample` that takes `inputs` elements to `outputs`. Throws on empty or absurd
/// extents and scales.
CsrMatrix resize_matrix(std::int64_t inputs, std::int64_t outputs,
                        const ResizeOptions& options = {});

}  // namespace eps
