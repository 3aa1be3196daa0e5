#include "autograd/ops/image/conv_windows.h"

#include <algorithm>

#include "tensor/extent.h"

namespace eps::detail {
namespace {

// Kernels keep the lines that a window reads. One that reaches further than this is refused unless
// the image is as large.
constexpr std::int64_t kFarthestReach = std::int64_t{1} << 24;
constexpr std::int64_t kLimit = std::int64_t{1} << 31;  // kernels of a GPU count in 32 bits

// An option of an image, or the option of a signal.
std::int64_t option(const Extents& of_image, std::size_t d) { return of_image[d]; }
std::int64_t option(std::int64_t of_signal, std::size_t) { return of_signal; }

// The dimensions of images and signals, counted as those of images: d is dim + 2 - rank.
struct Dimensions {
    int rank;
    explicit Dimensions(const Tensor& x) : rank(x.rank()) {}
    std::size_t first() const { return rank == 3 ? 1 : 0; }
    int dim(std::size_t d) const { return static_cast<int>(d) + rank - 2; }
};

template <class Options>
kernels::ConvGeometry checked_geometry(const Checker& check, const Tensor& x, const Options& o) {
    kernels::ConvGeometry g{.groups = o.groups};
    for (std::size_t d = Dimensions(x).first(); d < 2; ++d) {
        g.stride[d] = option(o.stride, d);
        g.padding[d] = option(o.padding, d);
        g.dilation[d] = option(o.dilation, d);
        check(g.stride[d] >= 1 && g.dilation[d] >= 1,
              "stride and dilation must be at least 1; got stride ", g.stride[d], ", dilation ",
              g.dilation[d]);
        check(g.padding[d] >= 0, "padding must not be negative; got ", g.padding[d],
              "; hint: slice() crops");
    }
    check(o.groups >= 1, "needs at least one group; got ", o.groups);
    return g;
}

void check_operands(const Checker& check, const Tensor& x, const Tensor& weight, const Tensor& bias,
                    std::int64_t out_channels) {
    check(x.dtype() == weight.dtype() && (x.dtype() == f32 || x.dtype() == f64),
          "dtypes differ or are not real; got ", x.dtype(), " and ", weight.dtype(),
          "; expected both f32 or both f64; hint: to(x, f32)");
    for (int d = 2; d < weight.rank(); ++d)
        check(weight.size(d) >= 1, "the kernel is empty; got weight ", weight.shape());
    if (!bias.defined()) return;
    check(bias.shape() == Shape{out_channels} && bias.dtype() == x.dtype(),
          "the bias does not match; got ", describe(bias), "; expected ", x.dtype(), " [",
          out_channels, "]");
}

void check_channels(const Checker& check, const Tensor& x, const Tensor& weight,
                    std::int64_t groups) {
    const Extent expected = Extent(weight.size(1)) * groups;
    check(expected.within(x.size(1), x.size(1)), "channels differ: x is ", x.shape(),
          ", weight is ", weight.shape(), ", groups ", groups, "; expected x [B, ",
          expected.value(check.op), x.rank() == 4 ? ", H, W]" : ", L]");
    check(weight.size(0) % groups == 0, "the groups do not divide the output channels; got weight ",
          weight.shape(), ", groups ", groups);
}

std::int64_t transposed_channels(const Checker& check, const Tensor& x, const Tensor& weight,
                                 std::int64_t groups) {
    check(x.size(1) == weight.size(0), "channels differ: x is ", x.shape(), ", weight is ",
          weight.shape(), "; expected x [B, ", weight.size(0),
          x.rank() == 4 ? ", H, W]; a transposed weight is [in, out / groups, h, w]"
                        : ", L]; a transposed weight is [in, out / groups, l]");
    check(x.size(1) % groups == 0, "the groups do not divide the input channels; got x ", x.shape(),
          ", groups ", groups);
    return (Extent(weight.size(1)) * groups).value(check.op);
}

// The pixels from the first that a window reads to the last.
std::int64_t window_reach(const Checker& check, std::int64_t positions, std::int64_t dilation) {
    return ((Extent(positions) - 1) * dilation + 1).value(check.op);
}

void check_reach(const Checker& check, std::int64_t reach, std::int64_t image) {
    check(reach <= std::max(kFarthestReach, image), "a window reaches over ", reach,
          " pixels; expected at most ", kFarthestReach, ", or the extent of the image, ", image);
}

// Leaves out the results that see no pixel of the image, and the padding that only they need.
void cut_margins(const Checker& check, ConvWindows& w, std::size_t d, std::int64_t image,
                 std::int64_t reach) {
    kernels::ConvGeometry& g = w.geometry;
    if (g.padding[d] < reach) return;
    const std::int64_t all = w.extents[d];
    std::int64_t first = (g.padding[d] - reach) / g.stride[d] + 1;  // the first that sees a pixel
    const std::int64_t end =
        std::min(all, ((Extent(image) - 1 + g.padding[d]) / g.stride[d] + 1).value(check.op));
    w.before[d] = std::min(first, all - 1);
    if (first < end) {
        g.padding[d] -= first * g.stride[d];
        w.extents[d] = end - first;
    } else {  // all see the padding only: let one stand for them, just ahead of the image
        g.padding[d] = reach;
        w.extents[d] = 1;
    }
    w.after[d] = all - w.before[d] - w.extents[d];
}

}  // namespace

template <class Options>
ConvWindows conv_windows(const Checker& check, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const Options& options) {
    ConvWindows w{.geometry = checked_geometry(check, x, options)};
    check_channels(check, x, weight, options.groups);
    check_operands(check, x, weight, bias, weight.size(0));
    kernels::ConvGeometry& g = w.geometry;
    const Dimensions dimensions(x);
    for (std::size_t d = dimensions.first(); d < 2; ++d) {
        const std::int64_t image = x.size(dimensions.dim(d));
        const std::int64_t reach =
            window_reach(check, weight.size(dimensions.dim(d)), g.dilation[d]);
        const std::int64_t room =
            (Extent(image) + 2 * Extent(g.padding[d]) - reach).value(check.op);
        check(room >= 0, "the kernel is larger than the padded image; got x ", x.shape(),
              ", weight ", weight.shape(), ", padding ", g.padding[d], ", dilation ",
              g.dilation[d]);
        w.extents[d] = room / g.stride[d] + 1;
        cut_margins(check, w, d, image, reach);
        check_reach(check, reach, image);
        if (w.extents[d] == 1) g.stride[d] = 1;  // a single window does not move
        if (weight.size(dimensions.dim(d)) == 1) g.dilation[d] = 1;
    }
    return w;
}

template <class Options>
ConvWindows transposed_windows(const Checker& check, const Tensor& x, const Tensor& weight,
                               const Tensor& bias, const Options& options) {
    ConvWindows w{.geometry = checked_geometry(check, x, options)};
    check_operands(check, x, weight, bias, transposed_channels(check, x, weight, options.groups));
    kernels::ConvGeometry& g = w.geometry;
    const Dimensions dimensions(x);
    for (std::size_t d = dimensions.first(); d < 2; ++d) {
        const std::int64_t beyond = option(options.output_padding, d);
        check(beyond >= 0 && beyond < std::max(g.stride[d], g.dilation[d]),
              "output_padding must be less than the stride or the dilation; got ", beyond,
              " with stride ", g.stride[d], ", dilation ", g.dilation[d]);
        const std::int64_t image = x.size(dimensions.dim(d));
        const std::int64_t reach =
            window_reach(check, weight.size(dimensions.dim(d)), g.dilation[d]);
        const Extent whole = (Extent(image) - 1) * g.stride[d] + reach + beyond;
        w.extents[d] = (whole - 2 * Extent(g.padding[d])).value(check.op);
        check(w.extents[d] > 0, "nothing is left of the result; got x ", x.shape(), ", weight ",
              weight.shape(), ", padding ", g.padding[d]);
        check_reach(check, reach, w.extents[d]);
        if (image == 1) g.stride[d] = 1;
        if (weight.size(dimensions.dim(d)) == 1) g.dilation[d] = 1;
        check(g.stride[d] < kLimit && g.padding[d] < kLimit,
              "stride and padding must be below 2^31; got stride ", g.stride[d], ", padding ",
              g.padding[d]);
    }
    return w;
}

template ConvWindows conv_windows(const Checker&, const Tensor&, const Tensor&, const Tensor&,
                                  const Conv1dOptions&);
template ConvWindows conv_windows(const Checker&, const Tensor&, const Tensor&, const Tensor&,
                                  const Conv2dOptions&);
template ConvWindows transposed_windows(const Checker&, const Tensor&, const Tensor&, const Tensor&,
                                        const ConvTranspose1dOptions&);
template ConvWindows transposed_windows(const Checker&, const Tensor&, const Tensor&, const Tensor&,
                                        const ConvTranspose2dOptions&);

}  // namespace eps::detail
