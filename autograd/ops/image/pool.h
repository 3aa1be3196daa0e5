#pragma once
// Pooling of images [B, C, H, W] and signals [B, C, L]. A stride of 0 is the kernel's size. The
// extent is H' = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down; rounded up
// with ceil_mode, but no window begins behind the padded image's last row but those of padding.
// Unequal padding: pad() before, with -infinity for a maximum.
#include <array>
#include <cstdint>

#include "tensor/contract/csr_matrix.h"
#include "tensor/tensor.h"

namespace eps {

struct MaxPool2dOptions {
    std::array<std::int64_t, 2> stride{0, 0}, padding{0, 0}, dilation{1, 1};
    bool ceil_mode = false;
};
struct MaxPool1dOptions {
    std::int64_t stride = 0, padding = 0, dilation = 1;
    bool ceil_mode = false;
};
struct AvgPool2dOptions {
    std::array<std::int64_t, 2> stride{0, 0}, padding{0, 0}, dilation{1, 1};
    bool ceil_mode = false;
    bool count_include_pad = true;  // zeros of the padding count
};
struct AvgPool1dOptions {
    std::int64_t stride = 0, padding = 0, dilation = 1;
    bool ceil_mode = false, count_include_pad = true;
};

/// The largest of each window; padding never is. NaN wins; the gradient goes to the first of
/// equals. The result is channels-last in memory.
Tensor max_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel,
                  const MaxPool2dOptions& options = {});
Tensor max_pool1d(const Tensor& x, std::int64_t kernel, const MaxPool1dOptions& options = {});

struct MaxPooled {
    Tensor values, indices;
};
/// `max_pool2d`, and where each value stood in its image: row W + column, i64.
MaxPooled max_pool2d_with_indices(const Tensor& x, std::array<std::int64_t, 2> kernel,
                                  const MaxPool2dOptions& options = {});

/// The mean of each window.
Tensor avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> kernel,
                  const AvgPool2dOptions& options = {});
Tensor avg_pool1d(const Tensor& x, std::int64_t kernel, const AvgPool1dOptions& options = {});

/// Pooling to a given extent: window i reaches from floor(i H / H') to ceil((i + 1) H / H').
Tensor adaptive_avg_pool2d(const Tensor& x, std::array<std::int64_t, 2> size);
Tensor adaptive_avg_pool1d(const Tensor& x, std::int64_t size);
Tensor adaptive_max_pool2d(const Tensor& x, std::array<std::int64_t, 2> size);
Tensor adaptive_max_pool1d(const Tensor& x, std::int64_t size);

struct AverageOptions {
    std::int64_t stride = 0, before = 0, after = 0, dilation = 1;
    bool ceil_mode = false, count_include_pad = true;
};
/// Averages along one dimension as a table for `resample`: pooling in any number of dimensions,
/// with unequal padding.
CsrMatrix average_matrix(std::int64_t inputs, std::int64_t kernel,
                         const AverageOptions& options = {});

}  // namespace eps
