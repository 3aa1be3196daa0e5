#include "models/ddpm/unet.h"

#include <algorithm>

#include "autograd/ops/shape/join.h"
#include "autograd/ops/elementwise/pointwise_functions.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kTimeFactor = 4;  // width of the time embedding, in base widths

// Checks the options before any layer is built, so that errors name an option.
const UNetOptions& checked(const UNetOptions& o) {
    check(!o.multipliers.empty() && o.blocks >= 1, "UNet", "needs a level and a block at least");
    check(o.multipliers.size() <= 16, "UNet", "too many levels; got ", o.multipliers.size());
    const std::int64_t factor = std::int64_t{1} << (o.multipliers.size() - 1);
    check(o.image_size >= factor && o.image_size % factor == 0, "UNet",
          "the image cannot be halved at every level; got size ", o.image_size, " and ",
          o.multipliers.size(), " levels; expected a multiple of ", factor);
    check(o.base >= 4 && o.base % 2 == 0, "UNet",
          "the base width must be even and at least 4; got ", o.base);
    return o;
}

nn::ConvOptions conv3(const UNetOptions& o) { return {.padding = 1, .generator = o.generator}; }

}  // namespace

Tensor UNet::Stage::run(const Tensor& x, const Tensor& condition) const {
    const Tensor h = block->forward(x, condition);
    return attention ? attention->forward(h) : h;
}

UNet::Stage UNet::make_stage(const std::string& name, std::int64_t in, std::int64_t out,
                             bool attends) {
    const nn::ResidualBlockOptions o{.time_width = kTimeFactor * options_.base,
                                     .groups = options_.groups,
                                     .generator = options_.generator,
                                     .dropout = options_.dropout,
                                     .masks = options_.masks};
    Stage stage{std::make_unique<nn::ResidualBlock>(in, out, o), nullptr};
    add(name, *stage.block);
    if (!attends) return stage;
    stage.attention =
        std::make_unique<nn::AttentionBlock>(out, options_.groups, options_.generator);
    add(name + "_attention", *stage.attention);
    return stage;
}

UNet::UNet(const UNetOptions& o)
    : Network({checked(o).base, kTimeFactor * o.base, o.classes, o.learned_variance, o.generator}),
      options_(o),
      first_(o.image_channels, o.base, 3, conv3(o)),
      last_norm_(o.groups, o.base * o.multipliers[0]),
      last_(o.base * o.multipliers[0], o.image_channels * (o.learned_variance ? 2 : 1), 3,
            conv3(o)) {
    add("first", first_);
    const auto attends = [&](std::int64_t size) {
        return std::find(o.attention_at.begin(), o.attention_at.end(), size) !=
               o.attention_at.end();
    };
    const std::size_t levels = o.multipliers.size();
    std::vector<std::int64_t> widths{o.base};  // channels of the skip connections, in order
    std::int64_t width = o.base, size = o.image_size;
    for (std::size_t l = 0; l < levels; ++l) {
        Level level;
        for (std::int64_t i = 0; i < o.blocks; ++i) {
            const std::int64_t out = o.base * o.multipliers[l];
            level.stages.push_back(make_stage(str("down", l, "_", i), width, out, attends(size)));
            widths.push_back(width = out);
        }
        if (l + 1 < levels) {
            level.resample = std::make_unique<nn::DownsampleBlock>(width, o.generator);
            add(str("down", l, "_resample"), *level.resample);
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
            level.stages.push_back(
                make_stage(str("up", l, "_", i), width + widths.back(), out, attends(size)));
            widths.pop_back();
            width = out;
        }
        if (l > 0) {
            level.resample = std::make_unique<nn::UpsampleBlock>(width, o.generator);
            add(str("up", l, "_resample"), *level.resample);
            size *= 2;
        }
        up_.push_back(std::move(level));
    }
    add("last_norm", last_norm_);
    add("last", last_);
}

Tensor UNet::predict(const Tensor& x, const Tensor& condition) {
    check(x.rank() == 4 && x.size(1) == options_.image_channels &&
              x.size(2) == options_.image_size && x.size(3) == options_.image_size,
          "UNet", "was made for images [B, ", options_.image_channels, ", ", options_.image_size,
          ", ", options_.image_size, "]; got ", describe(x));
    std::vector<Tensor> skips{first_(x)};
    for (const Level& level : down_) {
        for (const Stage& stage : level.stages) skips.push_back(stage.run(skips.back(), condition));
        if (level.resample) skips.push_back((*level.resample)(skips.back()));
    }
    Tensor h = middle2_.run(middle1_.run(skips.back(), condition), condition);
    for (const Level& level : up_) {
        for (const Stage& stage : level.stages) {
            h = stage.run(concat({h, skips.back()}, 1), condition);
            skips.pop_back();
        }
        if (level.resample) h = (*level.resample)(h);
    }
    return last_(last_norm_.forward_silu(h));
}

}  // namespace eps::models::ddpm
