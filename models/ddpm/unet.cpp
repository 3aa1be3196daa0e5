#include "models/ddpm/unet.h"

#include <algorithm>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/join.h"
#include "autograd/ops/pointwise.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/upsample.h"
#include "nn/time_embedding.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kTimeFactor = 4;  // the time's width, in base widths

nn::Conv2dLayerOptions conv3(const UNetOptions& o, std::int64_t stride = 1) { return {.stride = stride, .padding = 1, .generator = o.generator}; }

}  // namespace

ResidualBlock::ResidualBlock(std::int64_t in, std::int64_t out, std::int64_t time_width, const UNetOptions& o)
    : norm1_(o.groups, in), norm2_(o.groups, out), conv1_(in, out, 3, conv3(o)), conv2_(out, out, 3, conv3(o)),
      time_(time_width, out, {.generator = o.generator}) {
    add("norm1", norm1_);
    add("conv1", conv1_);
    add("time", time_);
    add("norm2", norm2_);
    add("conv2", conv2_);
    if (in == out) return;
    skip_ = std::make_unique<nn::Conv2d>(in, out, 1, nn::Conv2dLayerOptions{.generator = o.generator});
    add("skip", *skip_);
}

Tensor ResidualBlock::forward(const Tensor& x, const Tensor& time) {
    const Tensor shift = reshape(time_(time), {x.size(0), -1, 1, 1});
    const Tensor h = conv1_(norm1_.forward_silu(x)) + shift;
    return conv2_(norm2_.forward_silu(h)) + (skip_ ? (*skip_)(x) : x);
}

AttentionBlock::AttentionBlock(std::int64_t channels, const UNetOptions& o)
    : norm_(o.groups, channels), qkv_(channels, 3 * channels, 1, {.generator = o.generator}), out_(channels, channels, 1, {.generator = o.generator}) {
    add("norm", norm_);
    add("qkv", qkv_);
    add("out", out_);
}

Tensor AttentionBlock::forward(const Tensor& x) {
    const std::int64_t b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    const Tensor pixels = reshape(permute(qkv_(norm_(x)), {0, 2, 3, 1}), {b, h * w, 3 * c});  // [B, H W, 3 C]: a view, channels being last
    const Tensor mixed = scaled_dot_product_attention(narrow(pixels, 2, 0, c), narrow(pixels, 2, c, c), narrow(pixels, 2, 2 * c, c));
    return x + out_(permute(reshape(mixed, {b, h, w, c}), {0, 3, 1, 2}));
}

Tensor UNet::Stage::run(const Tensor& x, const Tensor& time) const {
    const Tensor h = block->forward(x, time);
    return attention ? attention->forward(h) : h;
}

UNet::Stage UNet::make_stage(const std::string& name, std::int64_t in, std::int64_t out, bool attends) {
    Stage stage{std::make_unique<ResidualBlock>(in, out, kTimeFactor * options_.base, options_), nullptr};
    add(name, *stage.block);
    if (!attends) return stage;
    stage.attention = std::make_unique<AttentionBlock>(out, options_);
    add(name + "_attention", *stage.attention);
    return stage;
}

UNet::UNet(const UNetOptions& o)
    : options_(o), time1_(o.base, kTimeFactor * o.base, {.generator = o.generator}),
      time2_(kTimeFactor * o.base, kTimeFactor * o.base, {.generator = o.generator}), first_(o.image_channels, o.base, 3, conv3(o)),
      last_norm_(o.groups, o.base * (o.multipliers.empty() ? 1 : o.multipliers[0])),
      last_(o.base * (o.multipliers.empty() ? 1 : o.multipliers[0]), o.image_channels, 3, conv3(o)) {
    check(!o.multipliers.empty() && o.blocks >= 1, "UNet", "needs a level and a block at least");
    check(o.image_size % (std::int64_t{1} << (o.multipliers.size() - 1)) == 0, "UNet", "the image cannot be halved at every level; got size ", o.image_size,
          " and ", o.multipliers.size(), " levels");
    add("time1", time1_);
    add("time2", time2_);
    add("first", first_);
    const auto attends = [&](std::int64_t size) { return std::find(o.attention_at.begin(), o.attention_at.end(), size) != o.attention_at.end(); };
    const std::size_t levels = o.multipliers.size();
    std::vector<std::int64_t> widths{o.base};  // of everything that goes across to the other side
    std::int64_t width = o.base, size = o.image_size;
    for (std::size_t l = 0; l < levels; ++l) {
        Level level;
        for (std::int64_t i = 0; i < o.blocks; ++i) {
            const std::int64_t out = o.base * o.multipliers[l];
            level.stages.push_back(make_stage(str("down", l, "_", i), width, out, attends(size)));
            widths.push_back(width = out);
        }
        if (l + 1 < levels) {
            level.resample = std::make_unique<nn::Conv2d>(width, width, 3, conv3(o, 2));
            add(str("down", l, "_conv"), *level.resample);
            widths.push_back(width);
            size /= 2;
        }
        down_.push_back(std::move(level));
    }
    middle1_ = make_stage("middle1", width, width, true);
    middle2_ = make_stage("middle2", width, width, false);
    for (std::size_t l = levels; l-- > 0;) {
        Level level;
        for (std::int64_t i = 0; i <= o.blocks; ++i) {
            const std::int64_t out = o.base * o.multipliers[l];
            level.stages.push_back(make_stage(str("up", l, "_", i), width + widths.back(), out, attends(size)));
            widths.pop_back();
            width = out;
        }
        if (l > 0) {
            level.resample = std::make_unique<nn::Conv2d>(width, width, 3, conv3(o));
            add(str("up", l, "_conv"), *level.resample);
            size *= 2;
        }
        up_.push_back(std::move(level));
    }
    add("last_norm", last_norm_);
    add("last", last_);
}

Tensor UNet::forward(const Tensor& x, const Tensor& t) {
    const Tensor time = silu(time2_(silu(time1_(nn::time_embedding(t, options_.base)))));  // [B, 4 base]
    std::vector<Tensor> across{first_(x)};
    for (const Level& level : down_) {
        for (const Stage& stage : level.stages) across.push_back(stage.run(across.back(), time));
        if (level.resample) across.push_back((*level.resample)(across.back()));
    }
    Tensor h = middle2_.run(middle1_.run(across.back(), time), time);
    for (const Level& level : up_) {
        for (const Stage& stage : level.stages) {
            h = stage.run(concat({h, across.back()}, 1), time);
            across.pop_back();
        }
        if (level.resample) h = (*level.resample)(upsample_nearest(h, 2));
    }
    return last_(last_norm_.forward_silu(h));
}

}  // namespace eps::models::ddpm
