#include "experiments/gan/sampler.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "nn/evaluation.h"
#include "tensor/create.h"

namespace eps::models::gan {
namespace {

// Samples in one pass of G. This bounds memory, and no result depends on it.
constexpr std::int64_t kAtOnce = 256;

Minibatch on(const Minibatch& batch, Device device) {
    return {to(batch.x, device), batch.y.defined() ? to(batch.y, device) : batch.y};
}
Tensor rows(const Tensor& x, std::int64_t start, std::int64_t count) {
    return x.defined() ? narrow(x, 0, start, count) : x;
}

}  // namespace

Sampler::Sampler(nn::Module& generator, nn::Module& discriminator, nn::EMA* average,
                 const Settings& settings)
    : generator_(generator),
      discriminator_(discriminator),
      average_(average),
      device_(settings.device),
      discriminator_input_{.classes = settings.network.classes, .pac = settings.network.pac},
      noise_(settings.network.noise),
      group_(settings.network.minibatch_stddev ? 4 : 1),
      uniform_(settings.net == "maxout") {}

Minibatch Sampler::noise(std::int64_t count, Generator& generator) const {
    const Options options{f32, device_};
    Minibatch batch{uniform_ ? (rand({count, noise_}, options, generator) - 0.5) * std::sqrt(12.0)
                             : randn({count, noise_}, options, generator),
                    {}};
    if (discriminator_input_.classes > 0)
        batch.y = randint(0, discriminator_input_.classes, {count}, {i64, device_}, generator);
    return batch;
}

Minibatch Sampler::noise_in_turn(std::int64_t count, Generator& generator) const {
    Minibatch batch = on(noise(count, generator), cpu);
    for (std::int64_t i = 0; batch.y.defined() && i < count; ++i)
        batch.y.data<std::int64_t>()[i] = i % discriminator_input_.classes;
    return batch;
}

Tensor Sampler::samples(const Minibatch& noise, bool latest) {
    const nn::Evaluation evaluation(generator_, latest ? nullptr : average_);
    std::vector<Tensor> parts;
    for (std::int64_t start = 0; start < noise.x.size(0); start += kAtOnce) {
        const std::int64_t count = std::min(kAtOnce, noise.x.size(0) - start);
        const Minibatch part =
            on({rows(noise.x, start, count), rows(noise.y, start, count)}, device_);
        parts.push_back(to(generator_(generator_input(part, discriminator_input_.classes)), cpu));
    }
    return concat(parts);
}

Tensor Sampler::logits(const Minibatch& x, const std::function<Minibatch(std::int64_t)>& company) {
    const nn::Evaluation evaluation(discriminator_);
    const std::int64_t n = x.x.size(0), features = x.x.size(1), pac = discriminator_input_.pac;
    const std::int64_t others = n * (pac - 1), groups = n * pac * (group_ - 1);
    const auto logits_of = [&](const Minibatch& batch, std::int64_t count) {
        Generator unused;  // would draw instance noise, of which there is none
        return to(
            reshape(discriminator_(discriminator_input_(on(batch, device_), unused)), {count}),
            cpu);
    };
    if (others + groups == 0) return logits_of(x, n);
    // Packs are rows next to each other; the samples of a group are a quarter of D's batch apart.
    const Minibatch data = company(others + groups);
    const auto beside = [&](const Tensor& mine, const Tensor& theirs, std::int64_t width) {
        const Tensor packs = concat(
            {reshape(mine, {n, 1, width}), reshape(rows(theirs, 0, others), {n, pac - 1, width})},
            1);
        return concat({reshape(packs, {n * pac, width}),
                       reshape(rows(theirs, others, groups), {groups, width})});
    };
    Minibatch shown{beside(x.x, data.x, features), {}};
    if (x.y.defined()) shown.y = reshape(beside(x.y, data.y, 1), {n * pac * group_});
    return narrow(logits_of(shown, n * group_), 0, 0, n);
}

}  // namespace eps::models::gan
