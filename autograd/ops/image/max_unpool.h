#pragma once
// What undoes max_pool2d as far as it can be undone.
#include <array>
#include <cstdint>
#include <optional>

#include "tensor/tensor.h"

namespace eps {

struct MaxUnpool2dOptions {
    std::array<std::int64_t, 2> stride{0, 0};  // 0: the kernel's size
    std::array<std::int64_t, 2> padding{0, 0};
    /// The [H, W] that was pooled; by default the smallest that has as many windows.
    std::optional<std::array<std::int64_t, 2>> output_size = {};
};
/// Zeros, with each element of x at its position in its image. `indices` are those of
/// max_pool2d_with_indices; where two windows had the same maximum, the last one wins.
/// Shapes: x and indices [B, C, H', W'] -> [B, C, H, W], H = (H' - 1) stride - 2 padding + kernel.
/// Throws on indices out of range.
/// Source: Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks".
Tensor max_unpool2d(const Tensor& x, const Tensor& indices, std::array<std::int64_t, 2> kernel,
                    const MaxUnpool2dOptions& options = {});

}  // namespace eps
