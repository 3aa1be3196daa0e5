#pragma once
// The windows of convolutions and pooling: ONNX's attributes, dimension by dimension.
#include <algorithm>
#include <vector>

#include "tests/conformance/onnx/op.h"

namespace eps::conformance {

struct WindowDim {
    std::int64_t size, stride, dilation;
    std::int64_t before, after;  // padding
    /// The pixels from the first of a window to its last.
    std::int64_t extent() const { return (size - 1) * dilation + 1; }
    /// Splits `total` padding between the two sides; an odd pixel goes behind the image, or before
    /// it.
    void share_padding(std::int64_t total, bool odd_behind) {
        before = std::max<std::int64_t>(odd_behind ? total : total + 1, 0) / 2;
        after = std::max<std::int64_t>(total, 0) - before;
    }
};

/// One for each spatial dimension of x [B, C, ..], for windows of the given sizes. SAME_UPPER and
/// SAME_LOWER choose the padding so that the result has extent / stride pixels, rounded up.
std::vector<WindowDim> window_of(const Call& c, const Tensor& x,
                                 const std::vector<std::int64_t>& sizes);
/// The attribute kernel_shape, or the spatial extents of a weight [.., .., ..].
std::vector<std::int64_t> kernel_sizes(const Call& c, const Tensor& weight = {});
/// Is the padding the same on both sides?
bool is_symmetric(const std::vector<WindowDim>& window);
/// x padded as the window says; the window then has no padding.
Tensor pad_window(const Tensor& x, std::vector<WindowDim>& window, double value = 0);

/// The convolution of x [B, C, ..] of one to three spatial dimensions with weight [K, C / groups,
/// ..].
Tensor convolution(const Tensor& x, const Tensor& weight, const Tensor& bias,
                   const std::vector<WindowDim>& window, std::int64_t groups);

}  // namespace eps::conformance
