#pragma once
// The windows of a pooling along one dimension, checked.
#include <cstdint>
#include <span>

#include "autograd/ops/checker.h"

namespace eps::detail {

/// Extents, strides and paddings stay below this, so that their products are an int64.
inline constexpr std::int64_t kExtentLimit = std::int64_t{1} << 31;

struct PoolWindows {
    std::int64_t kernel;
    std::int64_t stride;         // 0: the kernel's size
    std::int64_t before, after;  // padding
    std::int64_t dilation;
    bool ceil_mode;
};

/// How many windows there are. Each has a position inside of the image, unless it is so dilated
/// that all its positions fall on padding.
std::int64_t pooled_extent(const Checker& check, std::int64_t inputs, const PoolWindows& w);

/// Throws unless x is an image or signal of that rank, and `size` gives an extent for each of its
/// spatial dimensions.
void check_adaptive(const Checker& check, const Tensor& x, int rank,
                    std::span<const std::int64_t> size);

}  // namespace eps::detail
