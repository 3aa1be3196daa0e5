#include "autograd/ops/image/conv.h"

#include "autograd/ops/image/image.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

using Extents = std::array<std::int64_t, 2>;

std::int64_t conv_extent(std::int64_t extent, std::int64_t taps, std::size_t d,
                         const kernels::ConvGeometry& g) {
    const std::int64_t room = extent + 2 * g.padding[d] - g.dilation[d] * (taps - 1) - 1;
    return room < 0 ? 0 : room / g.stride[d] + 1;
}
// of a filter's taps as well
Extents image_extents(const Shape& shape) { return {shape[2], shape[3]}; }

}  // namespace

namespace ops {

// The triple: each one's derivatives are the two others, so that every order exists. y may have
// fewer places than fit the image: those of a transposed convolution whose output padding goes
// beyond a stride.
Tensor conv(const Tensor& x, const Tensor& w, Extents extents, const kernels::ConvGeometry& g);
Tensor conv_input(const Tensor& y, const Tensor& w, Extents extents,
                  const kernels::ConvGeometry& g);
Tensor conv_weight(const Tensor& x, const Tensor& y, Extents taps, const kernels::ConvGeometry& g);

struct Conv2d {
    kernels::ConvGeometry geometry;
    Extents extents;  // of y
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
    Extents extents;  // of the image
    using saves = SaveInputs<0, 1>;
    Tensor forward(const Tensor& y, const Tensor& w, const Tensor& bias = {}) const {
        Tensor x = empty_image({y.size(0), w.size(1) * geometry.groups, extents[0], extents[1]},
                               y.options());
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
    Extents taps;
    using saves = SaveInputs<0, 1>;
    Tensor forward(const Tensor& x, const Tensor& y) const {
        Tensor w = empty({y.size(1), x.size(1) / geometry.groups, taps[0], taps[1]}, x.options());
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
Tensor conv_weight(const Tensor& x, const Tensor& y, Extents taps, const kernels::ConvGeometry& g) {
    return apply(Conv2dWeight{g, taps}, x, y);
}

}  // namespace ops

namespace {

template <class Options> kernels::ConvGeometry checked_geometry(const char* op, const Options& o) {
    for (std::size_t d = 0; d < 2; ++d) {
        check(o.stride[d] >= 1 && o.dilation[d] >= 1, op,
              "stride and dilation must be at least 1; got stride ", o.stride[d], ", dilation ",
              o.dilation[d]);
        check(o.padding[d] >= 0, op, "padding must not be negative; got ", o.padding[d],
              "; hint: slice() crops");
    }
    check(o.groups >= 1, op, "needs at least one group; got ", o.groups);
    return {o.stride, o.padding, o.dilation, o.groups};
}

void check_operands(const char* op, const Tensor& x, const Tensor& weight, const Tensor& bias,
                    std::int64_t out_channels) {
    check(x.dtype() == weight.dtype() && (x.dtype() == f32 || x.dtype() == f64), op,
          "dtypes differ or are not real; got ", x.dtype(), " and ", weight.dtype(),
          "; expected both f32 or both f64; hint: to(x, f32)");
    check(weight.size(2) >= 1 && weight.size(3) >= 1, op, "the filter has no taps; got weight ",
          weight.shape());
    check(!bias.defined() || (bias.shape() == Shape{out_channels} && bias.dtype() == x.dtype()), op,
          "the bias does not match; got ", describe(bias), "; expected ", x.dtype(), " [",
          out_channels, "]");
}

void check_operand_ranks(const char* op, const Tensor& x, const Tensor& weight, int rank) {
    check(x.defined() && weight.defined(), op, "an input is an undefined tensor");
    check(x.rank() == rank && weight.rank() == rank, op, "needs x and weight of rank ", rank,
          "; got x ", x.shape(), ", weight ", weight.shape(),
          x.rank() == rank - 1 ? "; hint: unsqueeze(x, 0) makes a batch of one" : "");
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
    check_operand_ranks("conv2d", x, weight, 4);
    const kernels::ConvGeometry geometry = checked_geometry("conv2d", options);
    check(x.size(1) == weight.size(1) * options.groups, "conv2d", "channels differ: x is ",
          x.shape(), ", weight is ", weight.shape(), ", groups ", options.groups,
          "; expected x [B, ", weight.size(1) * options.groups, ", H, W]");
    check(weight.size(0) % options.groups == 0, "conv2d",
          "the groups do not divide the output channels; got weight ", weight.shape(), ", groups ",
          options.groups);
    check_operands("conv2d", x, weight, bias, weight.size(0));
    Extents extents{};
    for (std::size_t d = 0; d < 2; ++d) {
        const int dim = static_cast<int>(d) + 2;
        extents[d] = conv_extent(x.size(dim), weight.size(dim), d, geometry);
        check(extents[d] > 0, "conv2d", "the filter is larger than the padded image; got x ",
              x.shape(), ", weight ", weight.shape(), ", padding ", options.padding[d],
              ", dilation ", options.dilation[d]);
    }
    return bias.defined() ? apply(ops::Conv2d{geometry, extents}, x, weight, bias)
                          : ops::conv(x, weight, extents, geometry);
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dOptions& options) {
    const char* const op = "conv_transpose2d";
    check_operand_ranks(op, x, weight, 4);
    const kernels::ConvGeometry geometry = checked_geometry(op, options);
    check(x.size(1) == weight.size(0), op, "channels differ: x is ", x.shape(), ", weight is ",
          weight.shape(), "; expected x [B, ", weight.size(0),
          ", H, W]; a transposed weight is [in, out / groups, h, w]");
    check(x.size(1) % options.groups == 0, op,
          "the groups do not divide the input channels; got x ", x.shape(), ", groups ",
          options.groups);
    check_operands(op, x, weight, bias, weight.size(1) * options.groups);
    Extents extents{};
    for (std::size_t d = 0; d < 2; ++d) {
        const int dim = static_cast<int>(d) + 2;
        check(options.output_padding[d] >= 0 &&
                  options.output_padding[d] < std::max(options.stride[d], options.dilation[d]),
              op, "output_padding must be less than the stride or the dilation; got ",
              options.output_padding[d], " with stride ", options.stride[d], ", dilation ",
              options.dilation[d]);
        extents[d] = (x.size(dim) - 1) * options.stride[d] - 2 * options.padding[d] +
                     options.dilation[d] * (weight.size(dim) - 1) + options.output_padding[d] + 1;
        check(extents[d] > 0, op, "nothing is left of the result; got x ", x.shape(), ", weight ",
              weight.shape(), ", padding ", options.padding[d]);
    }
    return bias.defined() ? apply(ops::Conv2dInput{geometry, extents}, x, weight, bias)
                          : ops::conv_input(x, weight, extents, geometry);
}

Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv1dOptions& options) {
    check_operand_ranks("conv1d", x, weight, 3);
    return squeeze(conv2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                          as_image_options<Conv2dOptions>(options)),
                   2);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose1dOptions& options) {
    check_operand_ranks("conv_transpose1d", x, weight, 3);
    return squeeze(conv_transpose2d(unsqueeze(x, 2), unsqueeze(weight, 2), bias,
                                    as_image_options<ConvTranspose2dOptions>(options)),
                   2);
}

Tensor channels_last(const Tensor& x) {
    check(x.defined() && x.rank() == 4, "channels_last", "needs an image [B, C, H, W]; got ",
          describe(x));
    return is_channels_last(x) ? x : permute(contiguous(permute(x, {0, 2, 3, 1})), {0, 3, 1, 2});
}

}  // namespace eps
