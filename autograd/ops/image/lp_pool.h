#pragma once
// Pooling by the p-norm: p = 1 sums absolute values, and a large p comes close to the maximum of
// them.
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace eps {

struct LpPool1dOptions {
    std::int64_t stride = 0;  // 0: the kernel's size
    std::int64_t padding = 0, dilation = 1;
    bool ceil_mode = false;
};
struct LpPool2dOptions {
    std::array<std::int64_t, 2> stride{0, 0};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> dilation{1, 1};
    bool ceil_mode = false;
};
struct LpPool3dOptions {
    std::array<std::int64_t, 3> stride{0, 0, 0};
    std::array<std::int64_t, 3> padding{0, 0, 0};
    std::array<std::int64_t, 3> dilation{1, 1, 1};
    bool ceil_mode = false;
};

/// The p-norm of each window, (sum |x|^p)^(1/p); its gradient where a window is zero is 0. A window
/// that ceil_mode lets stick out has fewer elements. (PyTorch sums x^p, which differs for odd p,
/// and scales the sum of such a window up.)
/// Shapes: [B, C, L] -> [B, C, L'], and so on, with extents as in pool.h.
/// Throws unless p > 0.
Tensor lp_pool1d(const Tensor& x, double p, std::int64_t kernel,
                 const LpPool1dOptions& options = {});
Tensor lp_pool2d(const Tensor& x, double p, std::array<std::int64_t, 2> kernel,
                 const LpPool2dOptions& options = {});
Tensor lp_pool3d(const Tensor& x, double p, std::array<std::int64_t, 3> kernel,
                 const LpPool3dOptions& options = {});

}  // namespace eps
