#include "models/ddpm/mlp.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"

namespace eps::models::ddpm {
namespace {

const MlpOptions& checked(const MlpOptions& o) {
    check(o.data >= 1 && o.blocks >= 0 && o.octaves >= 0 && o.octaves <= 16, "Mlp",
          "needs data >= 1, blocks >= 0 and octaves in 0 .. 16; got data ", o.data, ", blocks ",
          o.blocks, ", octaves ", o.octaves);
    check(o.width >= 4 && o.width % 2 == 0, "Mlp", "the width must be even and at least 4; got ",
          o.width);
    return o;
}

}  // namespace

Mlp::Block::Block(const MlpOptions& o)
    : first(o.width, o.width, {.generator = o.generator}),
      time(o.width, o.width, {.generator = o.generator}),
      second(o.width, o.width, {.generator = o.generator}),
      dropout(o.dropout, o.masks ? *o.masks : default_generator()) {
    add("first", first);
    add("time", time);
    add("second", second);
    add("dropout", dropout);
}

Tensor Mlp::Block::run(const Tensor& h, const Tensor& condition) {
    return h + second(dropout(silu(first(silu(h)) + time(condition))));
}

Mlp::Mlp(const MlpOptions& o)
    : Network({checked(o).width, o.width, o.classes, o.learned_variance, o.generator}),
      options_(o),
      first_(o.data * (1 + 2 * o.octaves), o.width, {.generator = o.generator}),
      last_(o.width, o.data * (o.learned_variance ? 2 : 1), {.generator = o.generator}) {
    add("first", first_);
    for (std::int64_t i = 0; i < o.blocks; ++i) {
        blocks_.push_back(std::make_unique<Block>(o));
        add(str("block", i), *blocks_.back());
    }
    add("last", last_);
}

Tensor Mlp::predict(const Tensor& x, const Tensor& condition) {
    check(x.rank() == 2 && x.size(1) == options_.data, "Mlp", "was made for points [B, ",
          options_.data, "]; got ", describe(x));
    std::vector<Tensor> features{x};
    for (std::int64_t k = 0; k < options_.octaves; ++k) {
        const Tensor angle = x * static_cast<double>(std::int64_t{1} << k);
        features.push_back(sin(angle));
        features.push_back(cos(angle));
    }
    Tensor h = first_(concat(features, 1));
    for (const auto& block : blocks_) h = block->run(h, condition);
    return last_(silu(h));
}

}  // namespace eps::models::ddpm
