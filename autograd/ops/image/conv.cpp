#include "autograd/ops/image/conv.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/conv_windows.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

using detail::Extents;

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

void check_ranks(const Checker& check, const Tensor& x, const Tensor& weight, int rank) {
    check.defined(x, weight);
    check(x.rank() == rank && weight.rank() == rank, "needs x and weight of rank ", rank,
          "; got x ", x.shape(), ", weight ", weight.shape(),
          x.rank() == rank - 1 ? "; hint: unsqueeze(x, 0) makes a batch of one" : "");
}

// y with the results around it that see nothing but padding: they are the bias.
Tensor with_margin(const Tensor& y, const Tensor& bias, const detail::ConvWindows& w) {
    const Tensor all = pad(y, {0, 0, w.before[0], w.before[1]}, {0, 0, w.after[0], w.after[1]});
    return bias.defined() ? all + reshape(bias, {-1, 1, 1}) : all;
}

// Of images and their checked windows.
Tensor convolved(const Tensor& x, const Tensor& weight, const Tensor& bias,
                 const detail::ConvWindows& w) {
    if (w.has_margin()) return with_margin(ops::conv(x, weight, w.extents, w.geometry), bias, w);
    if (!bias.defined()) return ops::conv(x, weight, w.extents, w.geometry);
    return apply(ops::Conv2d{w.geometry, w.extents}, x, weight, bias);
}

Tensor transposed(const Tensor& x, const Tensor& weight, const Tensor& bias,
                  const detail::ConvWindows& w) {
    if (!bias.defined()) return ops::conv_input(x, weight, w.extents, w.geometry);
    return apply(ops::Conv2dInput{w.geometry, w.extents}, x, weight, bias);
}

}  // namespace

Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv2dOptions& options) {
    const Checker check("conv2d");
    check_ranks(check, x, weight, 4);
    return convolved(x, weight, bias, detail::conv_windows(check, x, weight, bias, options));
}

Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose2dOptions& options) {
    const Checker check("conv_transpose2d");
    check_ranks(check, x, weight, 4);
    return transposed(x, weight, bias, detail::transposed_windows(check, x, weight, bias, options));
}

// A signal is an image of height 1.
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
              const Conv1dOptions& options) {
    const Checker check("conv1d");
    check_ranks(check, x, weight, 3);
    const auto windows = detail::conv_windows(check, x, weight, bias, options);
    return squeeze(convolved(unsqueeze(x, 2), unsqueeze(weight, 2), bias, windows), 2);
}

Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias,
                        const ConvTranspose1dOptions& options) {
    const Checker check("conv_transpose1d");
    check_ranks(check, x, weight, 3);
    const auto windows = detail::transposed_windows(check, x, weight, bias, options);
    return squeeze(transposed(unsqueeze(x, 2), unsqueeze(weight, 2), bias, windows), 2);
}

Tensor channels_last(const Tensor& x) {
    const Checker check("channels_last");
    check(x.defined() && x.rank() == 4, "needs an image [B, C, H, W]; got ", describe(x));
    return is_channels_last(x) ? x : permute(contiguous(permute(x, {0, 2, 3, 1})), {0, 3, 1, 2});
}

}  // namespace eps
