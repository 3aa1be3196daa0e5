#pragma once
// Pooling of images [B, C, H, W] and signals [B, C, L]. The result has the extent
//     H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1
// rounded down, or up with ceil_mode; but no window begins in the padding behind the image. A
// stride of 0 stands for the kernel's size. For unequal padding, call pad() before, with -infinity
// for a maximum.
#include <array>
#include <cstdint>

#include "tensor/contract/csr_matrix.h"
#include "tensor/tensor.h"

namespace eps {

struct MaxPool2dOptions {
    std::array<std::int64_t, 2> stride{0, 0};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> dilation{1, 1};
    bool ceil_mode = false;
};
struct MaxPool1dOptions {
    std::int64_t stride = 0, padding = 0, dilation = 1;
    bool ceil_mode = false;
};
struct AvgPool2dOptions {
    std::array<std::int64_t, 2> stride{0, 0};
    std::array<std::int64_t, 2> padding{0, 0};
    std::array<std::int64_t, 2> dilation{1, 1};
    bool ceil_mode = false;
    bool count_include_pad = true;  // zeros of the padding count as elements
};
struct AvgPool1dOptions {
    std::int64_t stride = 0, padding = 0, dilation = 1;
    bool ceil_mode = false;
    bool count_include_pad = true;
};

/// The largest element of each window; padding never is the largest. NaN wins; the gradient goes to
/// the first of equal elements. The result is channels-last in memory.
/// Shapes: [B, C, H, W] -> [B, C, H', W'].
Tensor max_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel,
                  const MaxPool2dOptions& options = {});
/// max_pool2d for signals.
/// Shapes: [B, C, L] -> [B, C, L'].
Tensor max_pool1d(const Tensor& x, std::int64_t kernel, const MaxPool1dOptions& options = {});

struct MaxPooled {
    Tensor values, indices;
};
/// `max_pool2d`, and the position of each value in its image: row W + column, i64.
MaxPooled max_pool2d_with_indices(const Tensor& x, std::array<std::int64_t, 2> kernel,
                                  const MaxPool2dOptions& options = {});

/// The mean of each window.
/// Shapes: [B, C, H, W] -> [B, C, H', W'], or [B, C, L] -> [B, C, L'].
Tensor avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel,
                  const AvgPool2dOptions& options = {});
Tensor avg_pool1d(const Tensor& x, std::int64_t kernel, const AvgPool1dOptions& options = {});

/// Pooling to a given extent: window i goes from floor(i H / H') to ceil((i + 1) H / H').
Tensor adaptive_avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> size);
Tensor adaptive_avg_pool1d(const Tensor& x, std::int64_t size);
Tensor adaptive_max_pool2d(const Tensor& x, std::array<std::int64_t, 2> size);
Tensor adaptive_max_pool1d(const Tensor& x, std::int64_t size);

struct AverageOptions {
    std::int64_t stride = 0;
    std::int64_t before = 0, after = 0;  // padding on each side
    std::int64_t dilation = 1;
    bool ceil_mode = false;
    bool count_include_pad = true;
};
/// The matrix for `resample` that averages windows along one dimension: pooling in any number of
/// dimensions, with unequal padding.
CsrMatrix average_matrix(std::int64_t inputs, std::int64_t kernel,
                         const AverageOptions& options = {});

}  // namespace eps
