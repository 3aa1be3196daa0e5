// The pixels that each window reads become columns, as in unfold, and a product does the rest.
#include "autograd/ops/image/deform_conv.h"

#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/sample_points.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

struct Windows {
    std::int64_t height, width;  // of the kernel
    std::int64_t rows, columns;  // of the result
    std::int64_t offset_groups;
};

Windows checked_windows(const Checker& check, const Tensor& x, const Tensor& offset,
                        const Tensor& weight, const DeformConv2dOptions& o) {
    constexpr std::int64_t limit = std::int64_t{1} << 31;
    std::int64_t counts[2] = {};
    for (std::size_t d = 0; d < 2; ++d) {
        const int dim = static_cast<int>(d) + 2;
        const std::int64_t kernel = weight.size(dim), extent = x.size(dim);
        check(o.stride[d] >= 1 && o.dilation[d] >= 1 && o.padding[d] >= 0 && o.stride[d] < limit &&
                  o.dilation[d] < limit && o.padding[d] < limit,
              "the windows make no sense; got stride ", o.stride[d], ", dilation ", o.dilation[d],
              ", padding ", o.padding[d]);
        const bool fits = kernel >= 1 && kernel < limit && extent >= 1 && extent < limit;
        const std::int64_t room =
            fits ? extent + 2 * o.padding[d] - o.dilation[d] * (kernel - 1) - 1 : -1;
        check(room >= 0, "the kernel is larger than the padded image; got x ", x.shape(),
              ", weight ", weight.shape());
        counts[d] = room / o.stride[d] + 1;
    }
    const std::int64_t places = weight.size(2) * weight.size(3);
    const std::int64_t groups = offset.rank() == 4 ? offset.size(1) / (2 * places) : 0;
    const Shape expected{x.size(0), 2 * places * groups, counts[0], counts[1]};
    check(groups >= 1 && offset.shape() == expected && x.size(1) % groups == 0,
          "the offsets do not fit; got ", offset.shape(), " for x ", x.shape(), "; expected [",
          x.size(0), ", ", 2 * places, " O, ", counts[0], ", ", counts[1],
          "] with a number O of groups of channels");
    return {weight.size(2), weight.size(3), counts[0], counts[1], groups};
}

void check_operands(const Checker& check, const Tensor& x, const Tensor& offset,
                    const Tensor& weight, const Tensor& bias) {
    check.defined(x, offset, weight);
    check_image(check, x, 4);
    check(weight.rank() == 4, "needs a weight of rank 4; got ", weight.shape());
    check((x.dtype() == f32 || x.dtype() == f64) && weight.dtype() == x.dtype() &&
              offset.dtype() == x.dtype(),
          "dtypes differ or are not real; got ", x.dtype(), ", ", offset.dtype(), ", ",
          weight.dtype(), "; expected all f32 or all f64");
    const std::int64_t channels = weight.size(1);
    const std::int64_t groups = channels >= 1 ? x.size(1) / channels : 0;
    check(groups >= 1 && groups * channels == x.size(1) && weight.size(0) % groups == 0,
          "channels differ: x is ", x.shape(), ", weight is ", weight.shape());
    if (!bias.defined()) return;
    check(bias.shape() == Shape{weight.size(0)} && bias.dtype() == x.dtype(),
          "the bias does not match; got ", describe(bias), "; expected ", x.dtype(), " [",
          weight.size(0), "]");
}

// Where pixel u of a kernel's rows (or columns) is read in each window, without an offset: [n, m].
Tensor places(std::int64_t kernel, std::int64_t windows, std::size_t d,
              const DeformConv2dOptions& o, Options options) {
    const Tensor in_kernel = arange(0, static_cast<double>(kernel), 1, options);
    const Tensor window = arange(0, static_cast<double>(windows), 1, options);
    return unsqueeze(in_kernel, 1) * static_cast<double>(o.dilation[d]) +
           (window * static_cast<double>(o.stride[d]) - static_cast<double>(o.padding[d]));
}

// The pixels that are read: [B O, h w H' W', C / O].
Tensor read_pixels(const Tensor& x, const Tensor& offset, const Windows& w,
                   const DeformConv2dOptions& o) {
    const std::int64_t b = x.size(0), g = w.offset_groups;
    const Tensor rows =
        reshape(places(w.height, w.rows, 0, o, x.options()), {w.height, 1, w.rows, 1});
    const Tensor columns =
        reshape(places(w.width, w.columns, 1, o, x.options()), {1, w.width, 1, w.columns});
    const Tensor moved =
        reshape(offset, {b * g, w.height, w.width, 2, w.rows, w.columns});  // pairs (dy, dx)
    const std::int64_t points = w.height * w.width * w.rows * w.columns;
    const std::vector<Tensor> at{reshape(select(moved, 3, 0) + rows, {b * g, points}),
                                 reshape(select(moved, 3, 1) + columns, {b * g, points})};
    const Tensor images = reshape(x, {b * g, x.size(1) / g, x.size(2), x.size(3)});
    return detail::linear_at(detail::PixelRows(images), at);
}

}  // namespace

Tensor deform_conv2d(const Tensor& x, const Tensor& offset, const Tensor& weight,
                     const Tensor& bias, const DeformConv2dOptions& o) {
    const Checker check("deform_conv2d");
    check_operands(check, x, offset, weight, bias);
    const Windows w = checked_windows(check, x, offset, weight, o);
    const std::int64_t b = x.size(0), channels = x.size(1), g = w.offset_groups;
    const std::int64_t size = w.height * w.width, pixels = w.rows * w.columns;
    Tensor read = transpose(read_pixels(x, offset, w, o));  // [B O, C / O, h w H' W']
    if (o.mask.defined()) {
        const Shape expected{b, g * size, w.rows, w.columns};
        check(o.mask.shape() == expected && o.mask.dtype() == x.dtype(),
              "the mask does not fit; got ", describe(o.mask), "; expected ", x.dtype(), " ",
              expected);
        read = read * reshape(o.mask, {b * g, 1, size * pixels});
    }
    const std::int64_t groups = channels / weight.size(1), outputs = weight.size(0);
    const Tensor columns = reshape(read, {b, groups, weight.size(1) * size, pixels});
    const Tensor matrix = reshape(weight, {groups, outputs / groups, weight.size(1) * size});
    const Tensor y = reshape(matmul(matrix, columns), {b, outputs, w.rows, w.columns});
    return bias.defined() ? y + reshape(bias, {outputs, 1, 1}) : y;
}

}  // namespace eps
