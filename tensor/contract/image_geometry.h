#pragma once
// Where the filters of a convolution and the windows of a pooling lie on an image.
#include <array>
#include <cstdint>

#include "tensor/scalar/hd.h"

namespace eps::kernels {

/// How a filter moves over an image; index 0 is the vertical dimension, 1 the horizontal.
/// `padding` counts the zeros before the first row and column; those behind the last follow from
/// the extents. With groups, filters [i K/groups, (i+1) K/groups) read only the channels
/// [i C/groups, (i+1) C/groups).
struct ConvGeometry {
    std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
    std::int64_t groups = 1;
};

/// The windows of a pooling. Window i covers, in dimension d, size[d] pixels that are dilation[d]
/// apart, from pixel i stride[d] - padding[d] on. An adaptive window covers the pixels from
/// floor(i in / out) up to, but without, ceil((i + 1) in / out).
struct PoolGeometry {
    std::array<std::int64_t, 2> size{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
    bool adaptive = false;

    /// The pixels first, first + step, ... below end.
    struct Window {
        std::int64_t first, end, step;
    };
    /// The part of window i, one of `outputs`, that lies inside an image of `inputs` pixels.
    EPS_HD Window window(std::size_t d, std::int64_t i, std::int64_t inputs,
                         std::int64_t outputs) const {
        if (adaptive) return {i * inputs / outputs, ((i + 1) * inputs + outputs - 1) / outputs, 1};
        const std::int64_t start = i * stride[d] - padding[d];
        const std::int64_t end = start + (size[d] - 1) * dilation[d] + 1;
        const std::int64_t outside = start < 0 ? (dilation[d] - 1 - start) / dilation[d] : 0;
        return {start + outside * dilation[d], end < inputs ? end : inputs, dilation[d]};
    }
};

}  // namespace eps::kernels
