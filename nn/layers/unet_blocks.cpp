#include "nn/layers/unet_blocks.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/image/upsample.h"
#include "autograd/ops/norm/attention.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {
namespace {

ConvOptions conv3(Generator* generator, std::int64_t stride = 1) {
    return {.stride = stride, .padding = 1, .generator = generator};
}

}  // namespace

ResidualBlock::ResidualBlock(std::int64_t in, std::int64_t out, const ResidualBlockOptions& o)
    : norm1_(o.groups, in),
      norm2_(o.groups, out),
      conv1_(in, out, 3, conv3(o.generator)),
      conv2_(out, out, 3, conv3(o.generator)),
      dropout_(o.dropout, o.masks ? *o.masks : default_generator()) {
    check(o.time_width >= 0, "ResidualBlock", "negative time_width; got ", o.time_width);
    add("norm1", norm1_);
    add("conv1", conv1_);
    if (o.time_width > 0) {
        time_ =
            std::make_unique<Linear>(o.time_width, out, LinearOptions{.generator = o.generator});
        add("time", *time_);
    }
    add("norm2", norm2_);
    add("conv2", conv2_);
    add("dropout", dropout_);
    if (in == out) return;
    skip_ = std::make_unique<Conv2d>(in, out, 1, ConvOptions{.generator = o.generator});
    add("skip", *skip_);
}

Tensor ResidualBlock::forward(const Tensor& x, const Tensor& time) {
    check(x.defined() && x.rank() == 4, "ResidualBlock", "needs x [B, C, H, W]; got ", describe(x));
    check(time.defined() == (time_ != nullptr), "ResidualBlock",
          time_ ? "needs the time; got " : "was made without time; got ", describe(time));
    Tensor h = conv1_(norm1_.forward_silu(x));
    if (time_) {
        check(time.rank() == 2 && time.size(0) == x.size(0), "ResidualBlock",
              "needs one time for each sample, [B, width]; got ", describe(time), " for ",
              describe(x));
        h = h + reshape((*time_)(time), {x.size(0), h.size(1), 1, 1});
    }
    return conv2_(dropout_(norm2_.forward_silu(h))) + (skip_ ? (*skip_)(x) : x);
}

AttentionBlock::AttentionBlock(std::int64_t channels, std::int64_t groups, Generator* generator)
    : norm_(groups, channels),
      qkv_(channels, 3 * channels, 1, {.generator = generator}),
      out_(channels, channels, 1, {.generator = generator}) {
    add("norm", norm_);
    add("qkv", qkv_);
    add("out", out_);
}

Tensor AttentionBlock::forward(const Tensor& x) {
    check(x.defined() && x.rank() == 4, "AttentionBlock", "needs x [B, C, H, W]; got ",
          describe(x));
    const std::int64_t b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    // [B, H W, 3 C], a view because the memory is channels-last
    const Tensor pixels = reshape(permute(qkv_(norm_(x)), {0, 2, 3, 1}), {b, h * w, 3 * c});
    const Tensor mixed = scaled_dot_product_attention(
        narrow(pixels, 2, 0, c), narrow(pixels, 2, c, c), narrow(pixels, 2, 2 * c, c));
    return x + out_(permute(reshape(mixed, {b, h, w, c}), {0, 3, 1, 2}));
}

DownsampleBlock::DownsampleBlock(std::int64_t channels, Generator* generator)
    : conv_(channels, channels, 3, conv3(generator, 2)) {
    add("conv", conv_);
}

UpsampleBlock::UpsampleBlock(std::int64_t channels, Generator* generator)
    : conv_(channels, channels, 3, conv3(generator)) {
    add("conv", conv_);
}

Tensor UpsampleBlock::forward(const Tensor& x) { return conv_(upsample_nearest(x, 2)); }

}  // namespace eps::nn
