#include "models/ddpm/editing.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

void check_pair(const Tensor& from, const Tensor& to) {
    check(from.defined() && to.defined() && from.rank() >= 2 && from.shape() == to.shape(), "ddpm",
          "interpolates between two batches of one shape; got ", describe(from), " and ",
          describe(to));
}

}  // namespace

Sampler::Constrain inpaint(const Schedule& schedule, const Tensor& known, const Tensor& mask,
                           SampleNoise& noise) {
    check(known.defined() && mask.defined() && broadcastable_to(mask.shape(), known.shape()),
          "inpaint", "needs a mask that broadcasts to the known values; got ", describe(mask),
          " for ", describe(known));
    return [schedule, known, mask, &noise](double s, const Tensor& x) {
        check(x.shape() == known.shape(), "inpaint",
              "samples differ in shape from the known values; got ", describe(x), "; expected ",
              describe(known));
        const Tensor given =
            s == 0 ? known
                   : known * std::sqrt(schedule.alpha_bar_at(s)) +
                         noise.normal_like(x) * std::sqrt(schedule.noise_variance_at(s));
        return where(ne(mask, 0.0), given, x);
    };
}

Tensor slerp(const Tensor& from, const Tensor& to, double weight) {
    check_pair(from, to);
    Shape one = Shape::filled(from.rank(), 1);
    one[0] = from.size(0);
    Dims inner;
    for (int d = 1; d < from.rank(); ++d) inner.push_back(d);
    const Tensor cosine = sum(from * to, inner) / (norm(from, 2, inner) * norm(to, 2, inner));
    const Tensor angle = reshape(acos(clamp(cosine, {.lo = -1, .hi = 1})), one), sine = sin(angle);
    // Parallel vectors span no arc: interpolate linearly there.
    const Tensor arc = sine > 1e-6, safe = where(arc, sine, ones_like(sine));
    const auto share = [&](double w) {
        return where(arc, sin(angle * w) / safe, full_like(sine, w));
    };
    return share(1 - weight) * from + share(weight) * to;
}

Tensor interpolate_diffused(const Schedule& schedule, const Denoiser& denoiser, const Tensor& from,
                            const Tensor& to, const std::vector<double>& weights,
                            const SamplerOptions& options, std::uint64_t seed) {
    check_pair(from, to);
    NoGrad guard;
    const auto sampler = make_sampler(schedule, options);
    const double t = sampler->times().front(), signal = schedule.alpha_bar_at(t);
    std::vector<Tensor> between;
    for (double weight : weights) {
        SampleNoise noise(seed, 0, from.size(0));
        const Tensor z = noise.normal_like(from) * std::sqrt(schedule.noise_variance_at(t));
        const Tensor xt =
            (from * std::sqrt(signal) + z) * (1 - weight) + (to * std::sqrt(signal) + z) * weight;
        between.push_back(sampler->sample(denoiser, xt, noise));
    }
    return stack(between);
}

Tensor interpolate_latents(const Schedule& schedule, const Denoiser& denoiser, const Tensor& from,
                           const Tensor& to, const std::vector<double>& weights,
                           std::int64_t steps) {
    check_pair(from, to);
    NoGrad guard;
    const auto ddim = make_sampler(schedule, {.name = "ddim", .steps = steps});
    const Tensor first = ddim_invert(schedule, denoiser, from, steps);
    const Tensor last = ddim_invert(schedule, denoiser, to, steps);
    SampleNoise unused(0, 0, from.size(0));  // eta = 0 draws nothing
    std::vector<Tensor> between;
    for (double weight : weights)
        between.push_back(ddim->sample(denoiser, slerp(first, last, weight), unused));
    return stack(between);
}

}  // namespace eps::models::ddpm
