#include "autograd/ops/image/conv3d.h"

#include <algorithm>
#include <vector>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"

namespace eps {
namespace {

constexpr std::int64_t kLimit = std::int64_t{1} << 31;  // for extents, so that products are int64

template <class Options> void check_geometry(const Checker& check, const Options& o) {
    for (std::size_t d = 0; d < 3; ++d) {
        check(o.stride[d] >= 1 && o.dilation[d] >= 1 && o.stride[d] < kLimit &&
                  o.dilation[d] < kLimit,
              "stride and dilation must be 1 to 2^31; got stride ", o.stride[d], ", dilation ",
              o.dilation[d]);
        check(o.padding[d] >= 0 && o.padding[d] < kLimit, "padding must be 0 to 2^31; got ",
              o.padding[d], "; hint: slice() crops");
    }
    check(o.groups >= 1, "needs at least one group; got ", o.groups);
}

void check_volume(const Checker& check, const Tensor& x, const Tensor& weight) {
    check.defined(x, weight);
    check_image(check, x, 5);
    check(weight.rank() == 5, "needs a weight of rank 5; got ", weight.shape());
    check((x.dtype() == f32 || x.dtype() == f64) && weight.dtype() == x.dtype(),
          "dtypes differ or are not real; got ", x.dtype(), " and ", weight.dtype(),
          "; expected both f32 or both f64; hint: to(x, f32)");
    for (int d = 2; d < 5; ++d)
        check(
            weight.size(d) >= 1 && weight.size(d) < kLimit && x.size(d) >= 1 && x.size(d) < kLimit,
            "an extent is empty or beyond 2^31; got x ", x.shape(), ", weight ", weight.shape());
}

void check_bias(const Checker& check, const Tensor& bias, std::int64_t channels, DType dtype) {
    if (!bias.defined()) return;
    check(bias.shape() == Shape{channels} && bias.dtype() == dtype, "the bias does not match; got ",
          describe(bias), "; expected ", dtype, " [", channels, "]");
}

// [B, C, D, ..] <-> [B, D, .., C]. Planes are then images, channels-last, in the order of memory.
Tensor channels_behind(const Tensor& x) { return permute(x, {0, 2, 3, 4, 1}); }
Tensor channels_ahead(const Tensor& x) { return permute(x, {0, 4, 1, 2, 3}); }

// [B, D, H, W, C] -> [B D, C, H, W]
Tensor as_images(const Tensor& x) {
    const Tensor images = reshape(x, {x.size(0) * x.size(1), x.size(2), x.size(3), x.size(4)});
    return permute(images, {0, 3, 1, 2});
}
// [B D, C, H, W] -> [B, D, H, W, C]
Tensor as_planes(const Tensor& images, std::int64_t batch, std::int64_t depth) {
    return reshape(permute(images, {0, 2, 3, 1}),
                   {batch, depth, images.size(2), images.size(3), images.size(1)});
}
// [K, C, d, h, w] -> [K, d C, h, w], the channels in the order (u, c).
Tensor as_image_weight(const Tensor& w) {
    return reshape(permute(w, {0, 2, 1, 3, 4}),
                   {w.size(0), w.size(2) * w.size(1), w.size(3), w.size(4)});
}

// The planes that each plane of the result reads, as its channels, group by group:
// [B, D, H, W, C] -> [B, D', H, W, groups d C / groups].
Tensor gathered_planes(const Tensor& x, std::int64_t size, std::int64_t depth, std::int64_t groups,
                       const Conv3dOptions& o) {
    const std::int64_t of_group = x.size(4) / groups;
    std::vector<Tensor> parts;
    for (std::int64_t u = 0; u < size; ++u) {
        const Tensor planes =
            narrow(slice(x, 1, u * o.dilation[0], INT64_MAX, o.stride[0]), 1, 0, depth);
        parts.push_back(
            reshape(planes, {x.size(0), depth, x.size(2), x.size(3), groups, of_group}));
    }
    return reshape(stack(parts, 5),
                   {x.size(0), depth, x.size(2), x.size(3), groups * size * of_group});
}

Tensor with_bias(const Tensor& y, const Tensor& bias) {
    return bias.defined() ? y + reshape(bias, {-1, 1, 1, 1}) : y;
}

}  // namespace

Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias, const Conv3dOptions& o) {
    const Checker check("conv3d");
    check_volume(check, x, weight);
    check_geometry(check, o);
    check(weight.size(1) < kLimit && o.groups < kLimit && x.size(1) == weight.size(1) * o.groups,
          "channels differ: x is ", x.shape(), ", weight is ", weight.shape(), ", groups ",
          o.groups);
    check(weight.size(0) % o.groups == 0,
          "the groups do not divide the output channels; got weight ", weight.shape(), ", groups ",
          o.groups);
    check_bias(check, bias, weight.size(0), x.dtype());
    for (std::size_t d = 0; d < 3; ++d) {
        const int dim = static_cast<int>(d) + 2;
        check(x.size(dim) + 2 * o.padding[d] > o.dilation[d] * (weight.size(dim) - 1),
              "the kernel is larger than the padded volume; got x ", x.shape(), ", weight ",
              weight.shape(), ", padding ", o.padding[d], ", dilation ", o.dilation[d]);
    }
    const Dims front{0, 0, o.padding[0], 0, 0};
    const Tensor padded = channels_behind(o.padding[0] > 0 ? pad(x, front, front) : x);
    const std::int64_t room = padded.size(1) - o.dilation[0] * (weight.size(2) - 1) - 1;
    const std::int64_t depth = room / o.stride[0] + 1;
    const Tensor planes = gathered_planes(padded, weight.size(2), depth, o.groups, o);
    const Tensor images = conv2d(as_images(planes), as_image_weight(weight), {},
                                 {.stride = {o.stride[1], o.stride[2]},
                                  .padding = {o.padding[1], o.padding[2]},
                                  .dilation = {o.dilation[1], o.dilation[2]},
                                  .groups = o.groups});
    return with_bias(channels_ahead(as_planes(images, x.size(0), depth)), bias);
}

namespace {

std::int64_t transposed_extent(const Checker& check, const Tensor& x, const Tensor& weight,
                               std::size_t d, const ConvTranspose3dOptions& o) {
    check(o.output_padding[d] >= 0 && o.output_padding[d] < std::max(o.stride[d], o.dilation[d]),
          "output_padding must be less than the stride or the dilation; got ", o.output_padding[d],
          " with stride ", o.stride[d], ", dilation ", o.dilation[d]);
    const int dim = static_cast<int>(d) + 2;
    const std::int64_t extent = (x.size(dim) - 1) * o.stride[d] - 2 * o.padding[d] +
                                o.dilation[d] * (weight.size(dim) - 1) + o.output_padding[d] + 1;
    check(extent > 0 && extent < kLimit, "the result is empty or beyond 2^31; got x ", x.shape(),
          ", weight ", weight.shape(), ", padding ", o.padding[d]);
    return extent;
}

}  // namespace

// Each plane of x contributes, through each plane of the weight, to one plane of the result.
Tensor conv_transpose3d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose3dOptions& o) {
    const Checker check("conv_transpose3d");
    check_volume(check, x, weight);
    check_geometry(check, o);
    check(x.size(1) == weight.size(0), "channels differ: x is ", x.shape(), ", weight is ",
          weight.shape(), "; a transposed weight is [in, out / groups, d, h, w]");
    check(x.size(1) % o.groups == 0, "the groups do not divide the input channels; got x ",
          x.shape(), ", groups ", o.groups);
    const std::int64_t of_group = weight.size(1);
    const std::int64_t channels = of_group * o.groups;
    check_bias(check, bias, channels, x.dtype());
    const std::int64_t extent = transposed_extent(check, x, weight, 0, o);
    for (std::size_t d = 1; d < 3; ++d) transposed_extent(check, x, weight, d, o);

    const std::int64_t batch = x.size(0), depth = x.size(2), size = weight.size(2);
    const Tensor images =
        conv_transpose2d(as_images(channels_behind(x)), as_image_weight(weight), {},
                         {.stride = {o.stride[1], o.stride[2]},
                          .padding = {o.padding[1], o.padding[2]},
                          .output_padding = {o.output_padding[1], o.output_padding[2]},
                          .dilation = {o.dilation[1], o.dilation[2]},
                          .groups = o.groups});
    const std::int64_t height = images.size(2), width = images.size(3);
    const Tensor planes = reshape(as_planes(images, batch, depth),
                                  {batch, depth, height, width, o.groups, size, of_group});
    const Shape whole{batch, extent + 2 * o.padding[0], height, width, channels};
    Tensor total;
    for (std::int64_t u = 0; u < size; ++u) {
        const Tensor part = reshape(select(planes, 5, u), {batch, depth, height, width, channels});
        const Tensor placed = slice_backward(part, whole, 1, u * o.dilation[0], o.stride[0]);
        total = u == 0 ? placed : total + placed;
    }
    return with_bias(channels_ahead(narrow(total, 1, o.padding[0], extent)), bias);
}

}  // namespace eps
