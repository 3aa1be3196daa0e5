#include "autograd/ops/image/unfold.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/shape/shape.h"

namespace eps {
namespace {

using Extents = std::array<std::int64_t, 2>;

constexpr std::int64_t kLimit = std::int64_t{1} << 31;  // for extents, so that products are int64

/// How many windows there are in each dimension.
Extents window_counts(const Checker& check, Extents size, Extents kernel, const UnfoldOptions& o) {
    Extents counts{};
    for (std::size_t d = 0; d < 2; ++d) {
        const bool sound =
            kernel[d] >= 1 && o.stride[d] >= 1 && o.dilation[d] >= 1 && o.padding[d] >= 0;
        const bool small = kernel[d] < kLimit && o.stride[d] < kLimit && o.dilation[d] < kLimit &&
                           o.padding[d] < kLimit;
        check(sound && small, "the windows make no sense; got kernel ", kernel[d], ", stride ",
              o.stride[d], ", dilation ", o.dilation[d], ", padding ", o.padding[d]);
        const std::int64_t room = size[d] + 2 * o.padding[d] - o.dilation[d] * (kernel[d] - 1) - 1;
        check(size[d] >= 1 && room >= 0, "the window is larger than the padded image; got extent ",
              size[d], ", kernel ", kernel[d], ", dilation ", o.dilation[d], ", padding ",
              o.padding[d]);
        counts[d] = room / o.stride[d] + 1;
        check(counts[d] < kLimit / kernel[d], "there are too many windows; got ", counts[d], " of ",
              kernel[d], "; expected fewer than 2^31 elements");
    }
    return counts;
}

/// Selects the first element of every window, then the second of every window, and so on.
CsrMatrix window_matrix(std::size_t d, std::int64_t inputs, std::int64_t windows,
                        std::int64_t kernel, const UnfoldOptions& o) {
    CsrMatrix matrix(inputs);
    for (std::int64_t u = 0; u < kernel; ++u)
        for (std::int64_t i = 0; i < windows; ++i, matrix.end_row()) {
            const std::int64_t source = i * o.stride[d] - o.padding[d] + u * o.dilation[d];
            if (source >= 0 && source < inputs) matrix.add(source);
        }
    return matrix;
}

}  // namespace

Tensor unfold(const Tensor& x, std::array<std::int64_t, 2> kernel, const UnfoldOptions& options) {
    const Checker check("unfold");
    check_image(check, x, 4);
    const std::int64_t batch = x.size(0), channels = x.size(1);
    const auto [rows, columns] = window_counts(check, {x.size(2), x.size(3)}, kernel, options);
    const Tensor tall =
        resample(x, 2, window_matrix(0, x.size(2), rows, kernel[0], options), check.op);
    const Tensor both =
        resample(tall, 3, window_matrix(1, x.size(3), columns, kernel[1], options), check.op);
    const Tensor windows =
        permute(reshape(both, {batch, channels, kernel[0], rows, kernel[1], columns}),
                {0, 1, 2, 4, 3, 5});  // [B, C, h, w, H', W']
    return reshape(windows, {batch, channels * kernel[0] * kernel[1], rows * columns});
}

Tensor fold(const Tensor& x, std::array<std::int64_t, 2> size, std::array<std::int64_t, 2> kernel,
            const UnfoldOptions& options) {
    const Checker check("fold");
    check_image(check, x, 3);
    const auto [rows, columns] = window_counts(check, size, kernel, options);
    const std::int64_t window = kernel[0] * kernel[1];
    check(x.size(1) % window == 0 && x.size(2) == rows * columns, "x does not fit; got ", x.shape(),
          "; expected [B, C ", window, ", ", rows * columns, "] for an image of ", size[0], " x ",
          size[1]);
    const std::int64_t batch = x.size(0), channels = x.size(1) / window;
    const CsrMatrix down = window_matrix(0, size[0], rows, kernel[0], options);
    const CsrMatrix across = window_matrix(1, size[1], columns, kernel[1], options);
    const Tensor windows =
        permute(reshape(x, {batch, channels, kernel[0], kernel[1], rows, columns}),
                {0, 1, 2, 4, 3, 5});  // [B, C, h, H', w, W']
    const Tensor both = reshape(windows, {batch, channels, kernel[0] * rows, kernel[1] * columns});
    return resample(resample(both, 3, across.transposed(), check.op), 2, down.transposed(),
                    check.op);
}

}  // namespace eps
