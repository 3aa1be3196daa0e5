#include "models/flow/image.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/shape.h"
#include "models/flow/actnorm.h"
#include "models/flow/coupling.h"
#include "models/flow/invertible_linear.h"
#include "models/flow/pixels.h"

namespace eps::models::flow {
namespace {

Shape with_batch(const Tensor& z, Shape event) {
    event.insert(0, z.size(0));
    return event;
}

// The shape [C, H, W] after a squeeze.
Shape squeezed(const Shape& event) {
    check(event[1] % 2 == 0 && event[2] % 2 == 0, "squeeze",
          "an image of odd height or width cannot be squeezed; got ", event,
          "; hint: fewer levels, or images padded");
    return {4 * event[0], event[1] / 2, event[2] / 2};
}

void check_options(const ImageFlowOptions& o) {
    check(o.channels >= 1 && o.height >= 1 && o.width >= 1 && o.levels >= 1 && o.steps >= 1 &&
              o.filters >= 1,
          "image flow", "needs positive numbers; got ", o.channels, " channels, ", o.height, " x ",
          o.width, ", ", o.levels, " levels, ", o.steps, " steps, ", o.filters, " filters");
}

std::unique_ptr<Composition> with_logit(std::unique_ptr<Multiscale> scales, double alpha) {
    auto flow = std::make_unique<Composition>();
    flow->add(std::move(scales)).add<Logit>(alpha);
    return flow;
}

// `count` couplings with alternating masks, each with actnorm on the side of the data.
void add_couplings(Composition& flow, Mask mask, std::int64_t count, std::int64_t channels,
                   std::int64_t filters, Generator& generator) {
    for (std::int64_t i = 0; i < count; ++i)
        flow.add(image_coupling(i % 2 == 0 ? mask : opposite(mask), std::make_unique<Affine>(),
                                channels, filters, generator))
            .add<ActNorm>(channels);
}

}  // namespace

Transformed Squeeze::transform(const Tensor& z, const Tensor&) {
    return {pixel_shuffle(z, 2), zero_log_det(z)};
}
Transformed Squeeze::inverse(const Tensor& z, const Tensor&) {
    return {pixel_unshuffle(z, 2), zero_log_det(z)};
}

Multiscale& Multiscale::add(std::unique_ptr<Bijector> level, const Shape& latent) {
    check(level != nullptr && latent.rank() == 3, "multiscale",
          "needs a level and the shape [C, H, W] of what it gives; got ", latent);
    check(levels_.empty() || levels_.back().latent[0] % 2 == 0, "multiscale",
          "an odd number of channels cannot be halved; got ",
          levels_.empty() ? latent : levels_.back().latent);
    Module::add("level" + std::to_string(levels_.size()), *level);
    levels_.push_back({std::move(level), latent});
    return *this;
}

std::int64_t Multiscale::part_of(std::size_t i) const {
    return numel(levels_[i].latent) / (i + 1 == levels_.size() ? 1 : 2);
}

Transformed Multiscale::transform(const Tensor& z, const Tensor& context) {
    check(!levels_.empty(), "multiscale", "has no levels");
    std::int64_t rest = 0;
    for (std::size_t i = 0; i < levels_.size(); ++i) rest += part_of(i);
    check_vectors("multiscale", z, rest);
    Tensor x, log_det = zero_log_det(z);
    for (std::size_t i = levels_.size(); i-- > 0;) {  // coarsest first
        rest -= part_of(i);
        Tensor here = narrow(z, 1, rest, part_of(i));
        if (x.defined()) here = concat({flatten(x, 1), here}, 1);
        const Transformed there =
            levels_[i].flow->transform(reshape(here, with_batch(z, levels_[i].latent)), context);
        x = there.z;
        log_det = log_det + there.log_det;
    }
    return {x, log_det};
}

Transformed Multiscale::inverse(const Tensor& x, const Tensor& context) {
    check(!levels_.empty(), "multiscale", "has no levels");
    check(x.defined() && x.rank() == 4, "multiscale", "expected images [B, C, H, W]; got ",
          describe(x));
    Tensor rest = x, log_det = zero_log_det(x);
    std::vector<Tensor> parts;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const Transformed back = levels_[i].flow->inverse(rest, context);
        check(back.z.shape() == with_batch(x, levels_[i].latent), "multiscale", "images ",
              x.shape(), " give ", back.z.shape(), " at level ", i, "; expected ",
              with_batch(x, levels_[i].latent));
        log_det = log_det + back.log_det;
        if (i + 1 == levels_.size()) {
            parts.push_back(flatten(back.z, 1));
            break;
        }
        const std::int64_t half = levels_[i].latent[0] / 2;
        rest = narrow(back.z, 1, 0, half);
        parts.push_back(flatten(narrow(back.z, 1, half, half), 1));
    }
    return {concat(parts, 1), log_det};
}

std::unique_ptr<Composition> realnvp(const ImageFlowOptions& o, Generator& generator) {
    check_options(o);
    auto scales = std::make_unique<Multiscale>();
    Shape event{o.channels, o.height, o.width};
    for (std::int64_t i = 0; i < o.levels; ++i) {
        auto level = std::make_unique<Composition>();
        const bool last = i + 1 == o.levels;
        const Shape latent = last ? event : squeezed(event);
        if (!last) {
            add_couplings(*level, Mask::first_half, o.steps, latent[0], o.filters, generator);
            level->add<Squeeze>();
        }
        add_couplings(*level, Mask::black, o.steps + last, event[0], o.filters, generator);
        scales->add(std::move(level), latent);
        event = {latent[0] / 2, latent[1], latent[2]};
    }
    return with_logit(std::move(scales), o.alpha);
}

std::unique_ptr<Composition> glow(const ImageFlowOptions& o, Generator& generator) {
    check_options(o);
    auto scales = std::make_unique<Multiscale>();
    Shape event{o.channels, o.height, o.width};
    for (std::int64_t i = 0; i < o.levels; ++i) {
        auto level = std::make_unique<Composition>();
        const Shape latent = squeezed(event);
        for (std::int64_t step = 0; step < o.steps; ++step) {
            level->add(image_coupling(Mask::first_half, std::make_unique<Affine>(), latent[0],
                                      o.filters, generator));
            level->add<InvertibleLinear>(latent[0], generator).add<ActNorm>(latent[0]);
        }
        level->add<Squeeze>();
        scales->add(std::move(level), latent);
        event = {latent[0] / 2, latent[1], latent[2]};
    }
    return with_logit(std::move(scales), o.alpha);
}

}  // namespace eps::models::flow
