#include "models/ddpm/times.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/indexing/search.h"
#include "autograd/ops/shape/shape.h"
#include "nn/named_tensors.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

constexpr std::int64_t kHistory = 10;
constexpr double kUniformShare = 1e-3;  // mixed in, so that every t is drawn now and then

}  // namespace

DrawnTimes UniformTimes::draw(std::int64_t count, Generator& generator, Device device) const {
    return {randint(1, steps_ + 1, {count}, {i64, device}, generator),
            ones({count}, {f64, device})};
}

ImportanceTimes::ImportanceTimes(std::int64_t steps)
    : losses_(zeros({steps, kHistory}, {.dtype = f64})), counts_(zeros({steps}, {.dtype = i64})) {}

Tensor ImportanceTimes::probabilities() const {
    NoGrad guard;
    const std::int64_t steps = counts_.numel();
    const Tensor uniform = full({steps}, 1.0 / static_cast<double>(steps), {.dtype = f64});
    if (min(counts_).item() < static_cast<double>(kHistory)) return uniform;
    const Tensor size = sqrt(mean(square(losses_), {1}));
    const double total = sum(size).item();
    return total > 0 ? size * ((1 - kUniformShare) / total) + uniform * kUniformShare : uniform;
}

DrawnTimes ImportanceTimes::draw(std::int64_t count, Generator& generator) const {
    NoGrad guard;
    const Tensor p = probabilities(), heights = cumsum(p, 0);
    const double last = static_cast<double>(p.numel() - 1);
    const Tensor u = rand({count}, {.dtype = f64}, generator) * heights.to_vector().back();
    const Tensor at = clamp(searchsorted(heights, u, true), {.lo = 0, .hi = last});
    return {at + 1.0, 1.0 / (index_select(p, 0, at) * static_cast<double>(p.numel()))};
}

void ImportanceTimes::update(const Tensor& t, const Tensor& losses) {
    const std::vector<double> times = t.to_vector(), values = losses.to_vector();
    check(times.size() == values.size(), "ImportanceTimes", "needs a loss for each t; got ",
          describe(t), " and ", describe(losses));
    const std::int64_t steps = counts_.numel();
    for (double each : times)
        check(each >= 1 && each <= static_cast<double>(steps), "ImportanceTimes",
              "no such time; got t = ", each, "; expected 1 to ", steps);
    for (std::size_t i = 0; i < times.size(); ++i) {
        const auto row = static_cast<std::int64_t>(times[i]) - 1;
        losses_.data<double>()[row * kHistory + counts_.data<std::int64_t>()[row]++ % kHistory] =
            values[i];
    }
}

NamedTensors ImportanceTimes::state() const {
    return {{"times.losses", clone(losses_)}, {"times.counts", clone(counts_)}};
}
void ImportanceTimes::load_state(const NamedTensors& state) {
    nn::copy_by_name("ImportanceTimes", {{"times.losses", losses_}, {"times.counts", counts_}},
                     state);
}

}  // namespace eps::models::ddpm
