#pragma once
// Resizing along one dimension as a matrix for resample(): at which coordinate each output lies,
// and how its neighbours are weighted. All modes of PyTorch's interpolate and of ONNX's Resize are
// choices of these options.
#include <cstdint>

#include "tensor/contract/csr_matrix.h"

namespace eps {

enum class Filter : std::uint8_t { nearest, linear, cubic };

/// The coordinate of output i among n inputs, for m outputs and a scale s = m / n:
enum class Coordinates : std::uint8_t {
    half_pixel,            // (i + 1/2) / s - 1/2: centres of pixels on centres
    half_pixel_symmetric,  // the same, and centred even if s is not m / n
    pytorch_half_pixel,    // the same, but 0 if m = 1
    tf_half_pixel_for_nn,  // (i + 1/2) / s
    align_corners,         // i (n - 1) / (m - 1): first on first, last on last
    asymmetric,            // i / s
    tf_crop_and_resize,    // align_corners of a crop; outputs outside of x are 0
};
/// How `nearest` rounds a coordinate; prefer_floor and prefer_ceil go to the nearest input, and
/// halves down or up.
enum class Rounding : std::uint8_t { floor, ceil, prefer_floor, prefer_ceil };

struct ResizeOptions {
    Filter filter = Filter::linear;
    Coordinates coordinates = Coordinates::half_pixel;
    Rounding rounding = Rounding::prefer_floor;
    double scale = 0;              // 0: outputs / inputs
    double cubic = -0.75;          // the coefficient a of Keys (1981)
    bool exclude_outside = false;  // inputs beyond the edge have weight 0, else the edge repeats
    bool antialias = false;        // when shrinking, the filter widens by 1 / scale
    double crop_start = 0, crop_end = 1;  // for tf_crop_and_resize, in units of n - 1
};

/// The matrix for `resample` that takes `inputs` elements to `outputs`.
/// Throws on extents and scales that are empty or absurd.
CsrMatrix resize_matrix(std::int64_t inputs, std::int64_t outputs,
                        const ResizeOptions& options = {});

}  // namespace eps
