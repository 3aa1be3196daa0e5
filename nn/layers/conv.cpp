#include "nn/layers/conv.h"

#include <cmath>

#include "nn/init.h"

namespace eps::nn {
namespace {

void check_layer(const char* layer, std::int64_t in, std::int64_t out, std::int64_t size,
                 std::int64_t groups) {
    check(in >= 1 && out >= 1 && size >= 1 && groups >= 1, layer,
          "needs at least one channel on each side, one kernel element and one group; got in ", in,
          ", out ", out, ", size ", size, ", groups ", groups);
    check(in % groups == 0 && out % groups == 0, layer,
          "the groups do not divide the channels; got in ", in, ", out ", out, ", groups ", groups);
}

// Draws weight and bias from U(-r, r), where 1 / r^2 is the number of products in a sum.
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

// The convolution pads with zeros itself; other borders are made before it.
std::int64_t zero_padding(const ConvOptions& o) {
    return o.padding_mode == PadMode::zeros ? o.padding : 0;
}
Tensor padded(const Tensor& x, const ConvOptions& o) {
    if (o.padding_mode == PadMode::zeros) return x;
    Dims widths = Dims::filled(x.rank(), 0);
    for (int d = 2; d < x.rank(); ++d) widths[d] = o.padding;
    return pad(x, widths, widths, o.padding_mode);
}

// "3 -> 8, 4x4, stride 2, padding 1, bias": options that are not the default ones.
template <class Options>
std::string described(std::int64_t in, std::int64_t out, const Tensor& weight, const Options& o) {
    std::string text = str(in, " -> ", out, ", ", weight.size(2));
    if (weight.rank() == 4) text += str("x", weight.size(3));
    if (o.stride != 1) text += str(", stride ", o.stride);
    if (o.padding != 0) text += str(", padding ", o.padding);
    if (o.dilation != 1) text += str(", dilation ", o.dilation);
    if (o.groups != 1) text += str(", groups ", o.groups);
    return text + (o.bias ? ", bias" : "");
}

}  // namespace

Conv2d::Conv2d(std::int64_t in, std::int64_t out, std::int64_t size, const ConvOptions& o)
    : options_(o) {
    check_layer("Conv2d", in, out, size, o.groups);
    make_parameters("Conv2d", weight, bias, {out, in / o.groups, size, size}, out, o);
    add_weight("weight", weight, 0);
    if (o.bias) add_parameter("bias", bias);
}

Tensor Conv2d::forward(const Tensor& x) {
    const ConvOptions& o = options_;
    const std::int64_t padding = zero_padding(o);
    return conv2d(padded(x, o), computed(weight), bias,
                  {.stride = {o.stride, o.stride},
                   .padding = {padding, padding},
                   .dilation = {o.dilation, o.dilation},
                   .groups = o.groups});
}

std::string Conv2d::extra_repr() const {
    return described(weight.size(1) * options_.groups, weight.size(0), weight, options_);
}

Conv1d::Conv1d(std::int64_t in, std::int64_t out, std::int64_t size, const ConvOptions& o)
    : options_(o) {
    check_layer("Conv1d", in, out, size, o.groups);
    make_parameters("Conv1d", weight, bias, {out, in / o.groups, size}, out, o);
    add_weight("weight", weight, 0);
    if (o.bias) add_parameter("bias", bias);
}

Tensor Conv1d::forward(const Tensor& x) {
    const ConvOptions& o = options_;
    return conv1d(padded(x, o), computed(weight), bias,
                  {.stride = o.stride,
                   .padding = zero_padding(o),
                   .dilation = o.dilation,
                   .groups = o.groups});
}

std::string Conv1d::extra_repr() const {
    return described(weight.size(1) * options_.groups, weight.size(0), weight, options_);
}

ConvTranspose2d::ConvTranspose2d(std::int64_t in, std::int64_t out, std::int64_t size,
                                 const ConvTransposeOptions& o)
    : options_(o) {
    check_layer("ConvTranspose2d", in, out, size, o.groups);
    make_parameters("ConvTranspose2d", weight, bias, {in, out / o.groups, size, size}, out, o);
    add_weight("weight", weight, 1);
    if (o.bias) add_parameter("bias", bias);
}

Tensor ConvTranspose2d::forward(const Tensor& x) {
    const ConvTransposeOptions& o = options_;
    return conv_transpose2d(x, computed(weight), bias,
                            {.stride = {o.stride, o.stride},
                             .padding = {o.padding, o.padding},
                             .output_padding = {o.output_padding, o.output_padding},
                             .dilation = {o.dilation, o.dilation},
                             .groups = o.groups});
}

std::string ConvTranspose2d::extra_repr() const {
    return described(weight.size(0), weight.size(1) * options_.groups, weight, options_);
}

ConvTranspose1d::ConvTranspose1d(std::int64_t in, std::int64_t out, std::int64_t size,
                                 const ConvTransposeOptions& o)
    : options_(o) {
    check_layer("ConvTranspose1d", in, out, size, o.groups);
    make_parameters("ConvTranspose1d", weight, bias, {in, out / o.groups, size}, out, o);
    add_weight("weight", weight, 1);
    if (o.bias) add_parameter("bias", bias);
}

Tensor ConvTranspose1d::forward(const Tensor& x) {
    const ConvTransposeOptions& o = options_;
    return conv_transpose1d(x, computed(weight), bias,
                            {.stride = o.stride,
                             .padding = o.padding,
                             .output_padding = o.output_padding,
                             .dilation = o.dilation,
                             .groups = o.groups});
}

std::string ConvTranspose1d::extra_repr() const {
    return described(weight.size(0), weight.size(1) * options_.groups, weight, options_);
}

}  // namespace eps::nn
