#pragma once
// Where the windows of a convolution lie: its options, checked, and the extents of its result.
#include <array>
#include <cstdint>

#include "autograd/ops/checker.h"
#include "autograd/ops/image/conv.h"
#include "tensor/contract/image_geometry.h"

namespace eps::detail {

using Extents = std::array<std::int64_t, 2>;  // height, width

/// A signal [B, C, L] is an image of height 1.
struct ConvWindows {
    kernels::ConvGeometry geometry;
    Extents extents{1, 1};  // of the result
    // Results ahead of these, and behind them, whose windows lie in the padding altogether. They
    // are not in `extents`, nor does the geometry's padding reach them: padding may be huge.
    Extents before{0, 0}, after{0, 0};

    bool has_margin() const { return before != Extents{0, 0} || after != Extents{0, 0}; }
};

/// Of a convolution of x [B, C, (H,) W] with a weight [K, C / groups, (h,) w]. Throws, naming the
/// op of `check`, on operands and options that do not fit, and where an extent overflows.
template <class Options>
ConvWindows conv_windows(const Checker& check, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const Options& options);
/// Of a transposed one, with a weight [C, K / groups, (h,) w].
template <class Options>
ConvWindows transposed_windows(const Checker& check, const Tensor& x, const Tensor& weight,
                               const Tensor& bias, const Options& options);

}  // namespace eps::detail
