#pragma once
// Pooling of volumes [B, C, D, H, W]. Extents, strides and padding are those of pool.h.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct MaxPool3dOptions {
    std::array<std::int64_t, 3> stride{0, 0, 0};  // 0: the kernel's size
    std::array<std::int64_t, 3> padding{0, 0, 0};
    std::array<std::int64_t, 3> dilation{1, 1, 1};
    bool ceil_mode = false;
};
struct AvgPool3dOptions {
    std::array<std::int64_t, 3> stride{0, 0, 0};
    std::array<std::int64_t, 3> padding{0, 0, 0};
    std::array<std::int64_t, 3> dilation{1, 1, 1};
    bool ceil_mode = false;
    bool count_include_pad = true;  // zeros of the padding count as elements
};

/// The largest element of each window, by max_pool2d of the planes and then along the depth.
/// Shapes: [B, C, D, H, W] -> [B, C, D', H', W'].
Tensor max_pool3d(const Tensor& x, std::array<std::int64_t, 3> kernel,
                  const MaxPool3dOptions& options = {});
/// The mean of each window.
/// Shapes: [B, C, D, H, W] -> [B, C, D', H', W'].
Tensor avg_pool3d(const Tensor& x, std::array<std::int64_t, 3> kernel,
                  const AvgPool3dOptions& options = {});

/// Pooling to a given extent: window i goes from floor(i D / D') to ceil((i + 1) D / D').
Tensor adaptive_avg_pool3d(const Tensor& x, std::array<std::int64_t, 3> size);
Tensor adaptive_max_pool3d(const Tensor& x, std::array<std::int64_t, 3> size);

}  // namespace eps
