#include "nn/layers/conv.h"

#include <cmath>

#include "nn/init.h"

namespace eps::nn {
namespace {

// weight and bias from U(-r, r), r = 1 / sqrt(the products that a result sums)
template <class Options>
void make_parameters(const char* layer, Tensor& weight, Tensor& bias, const Shape& shape,
                     std::int64_t out, const Options& options) {
    check(options.dtype == f32 || options.dtype == f64, layer, "parameters are f32 or f64; got ",
          options.dtype);
    Generator& generator = options.generator ? *options.generator : default_generator();
    const double bound = 1 / std::sqrt(static_cast<double>(numel(shape) / shape[0]));
    weight = empty(shape, {.dtype = options.dtype});
    init::uniform_(weight, -bound, bound, generator);
    if (!options.bias) return;
    bias = empty({out}, {.dtype = options.dtype});
    init::uniform_(bias, -bound, bound, generator);
}

void check_layer(const char* layer, std::int64_t in, std::int64_t out, std::int64_t size,
                 std::int64_t groups) {
    check(in >= 1 && out >= 1 && size >= 1 && groups >= 1, layer,
          "needs channels, a filter and a group at least; got in ", in, ", out ", out, ", size ",
          size, ", groups ", groups);
    check(in % groups == 0 && out % groups == 0, layer,
          "the groups do not divide the channels; got in ", in, ", out ", out, ", groups ", groups);
}

Tensor padded(const Tensor& x, std::int64_t width, PadMode mode) {
    Dims widths = Dims::filled(x.rank(), 0);
    for (int d = 2; d < x.rank(); ++d) widths[d] = width;
    return pad(x, widths, widths, mode);
}

}  // namespace

// Zeros are padded by the convolution itself.
Conv2d::Conv2d(std::int64_t in, std::int64_t out, std::int64_t size, const Conv2dLayerOptions& o)
    : geometry_{.stride = {o.stride, o.stride},
                .dilation = {o.dilation, o.dilation},
                .groups = o.groups},
      width_(o.padding),
      mode_(o.padding_mode) {
    if (mode_ == PadMode::zeros) geometry_.padding = {o.padding, o.padding};
    check_layer("Conv2d", in, out, size, o.groups);
    make_parameters("Conv2d", weight, bias, {out, in / o.groups, size, size}, out, o);
    add_weight("weight", weight, 0);
    if (o.bias) add_parameter("bias", bias);
}

Tensor Conv2d::forward(const Tensor& x) {
    return conv2d(mode_ == PadMode::zeros ? x : padded(x, width_, mode_), computed(weight), bias,
                  geometry_);
}

Conv1d::Conv1d(std::int64_t in, std::int64_t out, std::int64_t size, const Conv1dLayerOptions& o)
    : geometry_{.stride = o.stride, .dilation = o.dilation, .groups = o.groups},
      width_(o.padding),
      mode_(o.padding_mode) {
    if (mode_ == PadMode::zeros) geometry_.padding = o.padding;
    check_layer("Conv1d", in, out, size, o.groups);
    make_parameters("Conv1d", weight, bias, {out, in / o.groups, size}, out, o);
    add_weight("weight", weight, 0);
    if (o.bias) add_parameter("bias", bias);
}

Tensor Conv1d::forward(const Tensor& x) {
    return conv1d(mode_ == PadMode::zeros ? x : padded(x, width_, mode_), computed(weight), bias,
                  geometry_);
}

ConvTranspose2d::ConvTranspose2d(std::int64_t in, std::int64_t out, std::int64_t size,
                                 const ConvTranspose2dLayerOptions& o)
    : geometry_{{o.stride, o.stride},
                {o.padding, o.padding},
                {o.output_padding, o.output_padding},
                {o.dilation, o.dilation},
                o.groups} {
    check_layer("ConvTranspose2d", in, out, size, o.groups);
    make_parameters("ConvTranspose2d", weight, bias, {in, out / o.groups, size, size}, out, o);
    add_weight("weight", weight, 1);
    if (o.bias) add_parameter("bias", bias);
}

Tensor ConvTranspose2d::forward(const Tensor& x) {
    return conv_transpose2d(x, computed(weight), bias, geometry_);
}

ConvTranspose1d::ConvTranspose1d(std::int64_t in, std::int64_t out, std::int64_t size,
                                 const ConvTranspose1dLayerOptions& o)
    : geometry_{o.stride, o.padding, o.output_padding, o.dilation, o.groups} {
    check_layer("ConvTranspose1d", in, out, size, o.groups);
    make_parameters("ConvTranspose1d", weight, bias, {in, out / o.groups, size}, out, o);
    add_weight("weight", weight, 1);
    if (o.bias) add_parameter("bias", bias);
}

Tensor ConvTranspose1d::forward(const Tensor& x) {
    return conv_transpose1d(x, computed(weight), bias, geometry_);
}

}  // namespace eps::nn
