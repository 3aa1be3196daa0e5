#include "autograd/ops/image/conv.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

using Extents = std::array<std::int64_t, 2>;

// Height and width of an image [B, C, H, W] or of a weight [K, C, h, w].
Extents image_extents(const Shape& shape) { return {shape[2], shape[3]}; }

}  // namespace

namespace ops {

// The triple: the derivatives of each are the two others, so that every order exists. y may have
// fewer pixels than fit the image: those of a transposed convolution whose output padding goes
// beyond a stride.
Tensor conv(const Tensor& x, const Tensor& w, Extents extents, const kernels::ConvGeometry& g);
Tensor conv_input(const Tensor& y, const Tensor& w, Extents extents,
                  const kernels::ConvGeometry& g);
Tensor conv_weight(const Tensor& x, const Tensor& y, Extents kernel,
                   const kernels::ConvGeometry& g);

struct Conv2d {
    kernels::ConvGeometry geometry;
    Extents extents;  // H', W' of the result
    using saves = SaveInputs<0, 1>;
    Tensor forward(const Tensor& x, const Tensor& w, const Tensor& bias = {}) const {
        Tensor y = empty_image({x.size(0), w.size(0), extents[0], extents[1]}, x.options());
        kernels::conv2d(y, channels_last_data(x), raw::contiguous(w),
                        bias.defined() ? raw::contiguous(bias) : bias, geometry);
        return y;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        if (context.needs(0))
            out[0] = conv_input(g, context.input(1), image_extents(context.shape(0)), geometry);
        if (context.needs(1))
            out[1] = conv_weight(context.input(0), g, image_extents(context.shape(1)), geometry);
        if (context.input_count() == 3 && context.needs(2)) out[2] = sum(g, {0, 2, 3});
    }
};

struct Conv2dInput {
    kernels::ConvGeometry geometry;
    Extents extents;  // H, W of the image
    using saves = SaveInputs<0, 1>;
    Tensor forward(const Tensor& y, const Tensor& w, const Tensor& bias = {}) const {
        const std::int64_t channels = w.size(1) * geometry.groups;
        Tensor x = empty_image({y.size(0), channels, extents[0], extents[1]}, y.options());
        kernels::conv2d_input(x, channels_last_data(y), raw::contiguous(w),
                              bias.defined() ? raw::contiguous(bias) : bias, geometry);
        return x;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        if (context.needs(0))
            out[0] = conv(g, context.input(1), image_extents(context.shape(0)), geometry);
        if (context.needs(1))
            out[1] = conv_weight(g, context.input(0), image_extents(context.shape(1)), geometry);
        if (context.input_count() == 3 && context.needs(2)) out[2] = sum(g, {0, 2, 3});
    }
};

struct Conv2dWeight {
    kernels::ConvGeometry geometry;
    Extents kernel;  // h, w of the weight
    using saves = SaveInputs<0, 1>;
    Tensor forward(const Tensor& x, const Tensor& y) const {
        const std::int64_t channels = x.size(1) / geometry.groups;
        Tensor w = empty({y.size(1), channels, kernel[0], kernel[1]}, x.options());
        kernels::conv2d_weight(w, channels_last_data(x), channels_last_data(y), geometry);
        return w;
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        if (context.needs(0))
            out[0] = conv_input(context.input(1), g, image_extents(context.shape(0)), geometry);
        if (context.needs(1))
            out[1] = conv(context.input(0), g, image_extents(context.shape(1)), geometry);
    }
};

Tensor conv(const Tensor& x, const Tensor& w, Extents extents, const kernels::ConvGeometry& g) {
    return apply(Conv2d{g, extents}, x, w);
}
Tensor conv_input(const Tensor& y, const Tensor& w, Extents extents,
                  const kernels::ConvGeometry& g) {
    return apply(Conv2dInput{g, extents}, y, w);
}
Tensor conv_weight(const Tensor& x, const Tensor& y, Extents kernel,
                   const kernels::ConvGeometry& g) {
    return apply(Conv2dWeight{g, kernel}, x, y);
}

}  // namespace ops

namespace {

template <class Options>
kernels::ConvGeometry checked_geometry(const Checker& check, const Options& o) {
    for (std::size_t d = 0; d < 2; ++d) {
        check(o.stride[d] >= 1 && o.dilation[d] >= 1,
              "stride and dilation must be at least 1; got stride ", o.stride[d], ", dilation ",
              o.dilation[d]);
        check(o.padding[d] >= 0, "padding must not be negative; got ", o.padding[d],
              "; hint: slice() crops");
    }
    check(o.groups >= 1, "needs at least one group; got ", o.groups);
    return {o.stride, o.padding, o.dilation, o.groups};
}

void check_ranks(const Checker& check, const Tensor& x, const Tensor& weight, int rank) {
    check.defined(x, weight);
    check(x.rank() == rank && weight.rank() == rank, "needs x and weight of rank ", rank,
          "; got x ", x.shape(), ", weight ", weight.shape(),
          x.rank() == rank - 1 ? "; hint: unsqueeze(x, 0) makes a batch of one" : "");
}

void check_operands(const Checker& check, const Tensor& x, const Tensor& weight, const Tensor& bias,
                    std::int64_t out_channels) {
    check(x.dtype() == weight.dtype() && (x.dtype() == f32 || x.dtype() == f64),
          "dtypes differ or are not real; got ", x.dtype(), " and ", weight.dtype(),
          "; expected both f32 or both f64; hint: to(x, f32)");
    check(weight.size(2) >= 1 && weight.size(3) >= 1, "the kernel is empty; got weight ",
          weight.shape());
    if (!bias.defined()) return;
    check(bias.shape() == Shape{out_channels} && bias.dtype() == x.dtype(),
          "the bias does not match; got ", describe(bias), "; expected ", x.dtype(), " [",
          out_channels, "]");
}

void check_channels(const Checker& check, const Tensor& x, const Tensor& weight,
                    std::int64_t groups) {
    check(x.size(1) == weight.size(1) * groups, "channels differ: x is ", x.shape(), ", weight is ",
          weight.shape(), ", groups ", groups, "; expected x [B, ", weight.size(1) * groups,
          ", H, W]");
    check(weight.size(0) % groups == 0, "the groups do not divide the output channels; got weight ",
          weight.shape(), ", groups ", groups);
}

void check_transposed_channels(const Checker& check, const Tensor& x, const Tensor& weight,
                               std::int64_t groups) {
    check(x.size(1) == weight.size(0), "channels differ: x is ", x.shape(), ", weight is ",
          weight.shape(), "; expected x [B, ", weight.size(0),
          ", H, W]; a transposed weight is [in, out / groups, h, w]");
    check(x.size(1) % groups == 0, "the groups do not divide the input channels; got x ", x.shape(),
          ", groups ", groups);
}

// How often a kernel fits an image in dimension d; 0 if it is larger than the padded image.
std::int64_t conv_extent(std::int64_t image, std::int64_t kernel, std::size_t d,
                         const kernels::ConvGeometry& g) {
    const std::int64_t room = image + 2 * g.padding[d] - g.dilation[d] * (kernel - 1) - 1;
    return room < 0 ? 0 : room / g.stride[d] + 1;
}

Extents checked_extents(const Checker& check, const Tensor& x, const Tensor& weight,
                        const kernels::ConvGeometry& g) {
    Extents extents{};
    for (std::size_t d = 0; d < 2; ++d) {
        const int dim = static_cast<int>(d) + 2;
        extents[d] = conv_extent(x.size(dim), weight.size(dim), d, g);
        check(extents[d] > 0, "the kernel is larger than the padded image; got x ", x.shape(),
              ", weight ", weight.shape(), ", padding ", g.padding[d], ", dilation ",
              g.dilation[d]);
    }
    return extents;
}

Extents checked_transposed_extents(const Checker& check, const Tensor& x, const Tensor& weight,
                                   const kernels::ConvGeometry& g, Extents output_padding) {
    Extents extents{};
    for (std::size_t d = 0; d < 2; ++d) {
        check(output_padding[d] >= 0 && output_padding[d] < std::max(g.stride[d], g.dilation[d]),
              "output_padding must be less than the stride or the dilation; got ",
              output_padding[d], " with stride ", g.stride[d], ", dilation ", g.dilation[d]);
        const int dim = static_cast<int>(d) + 2;
        const std::int64_t kernel_reach = g.dilation[d] * (weight.size(dim) - 1);
        extents[d] = (x.size(dim) - 1) * g.stride[d] - 2 * g.padding[d] + kernel_reach +
                     output_padding[d] + 1;
        check(extents[d] > 0, "nothing is left of the result; got x ", x.shape(), ", weight ",
              weight.shape(), ", padding ", g.padding[d]);
    }
    return extents;
}

// A signal is an image of height 1.
template <class Options2d, class Options1d> Options2d as_image_options(const Options1d& o) {
    Options2d options{.stride = {1, o.stride},
                      .padding = {0, o.padding},
                      .dilation = {1, o.dilation},
                      .groups = o.groups};
    if constexpr (requires { o.output_padding; }) options.output_padding = {0, o.output_padding};
    return options;
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options) {
    const Checker check("conv2d");
    check_ranks(check, x, weight, 4);
    const kernels::ConvGeometry geometry = checked_geometry(check, options);
    check_channels(check, x, weight, options.groups);
    check_operands(check, x, weight, bias, weight.size(0));
    const Extents extents = checked_extents(check, x, weight, geometry);
    if (!bias.defined()) return ops::conv(x, weight, extents, geometry);
    return apply(ops::Conv2d{geometry, extents}, x, weight, bias);
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dOptions& options) {
    const Checker check("conv_transpose2d");
    check_ranks(check, x, weight, 4);
    const kernels::ConvGeometry geometry = checked_geometry(check, options);
    check_transposed_channels(check, x, weight, options.groups);
    check_operands(check, x, weight, bias, weight.size(1) * options.groups);
    const Extents extents =
        checked_transposed_extents(check, x, weight, geometry, options.output_padding);
    if (!bias.defined()) return ops::conv_input(x, weight, extents, geometry);
    return apply(ops::Conv2dInput{geometry, extents}, x, weight, bias);
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv1dOptions& options) {
    check_ranks("conv1d", x, weight, 3);
    return squeeze(conv2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                          as_image_options<Conv2dOptions>(options)),
                   2);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose1dOptions& options) {
    check_ranks("conv_transpose1d", x, weight, 3);
    return squeeze(conv_transpose2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                                    as_image_options<ConvTranspose2dOptions>(options)),
                   2);
}

Tensor channels_last(const Tensor& x) {
    const Checker check("channels_last");
    check(x.defined() && x.rank() == 4, "needs an image [B, C, H, W]; got ", describe(x));
    return is_channels_last(x) ? x : permute(contiguous(permute(x, {0, 2, 3, 1})), {0, 3, 1, 2});
}

}  // namespace eps
