#include "models/ddpm/sampler.h"

#include <algorithm>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "tensor/create.h"

namespace eps::models::ddpm {
namespace {

// `count` integer times from `from` to 1, evenly spaced up to rounding.
std::vector<double> even_times(std::int64_t from, std::int64_t count) {
    std::vector<double> times;
    const double stride =
        static_cast<double>(from - 1) / static_cast<double>(std::max<std::int64_t>(count - 1, 1));
    for (std::int64_t i = 0; i < count; ++i)
        times.push_back(std::round(static_cast<double>(from) - static_cast<double>(i) * stride));
    return times;
}

// `count` real times from `from` to 1, evenly spaced in the logit of alpha_bar. If that of `from`
// is infinite, the spacing starts at the step below.
std::vector<double> even_logits(const Schedule& schedule, std::int64_t from, std::int64_t count) {
    const double first =
        schedule.log_snr(schedule.alpha_bar(from) > 0 ? from : std::max<std::int64_t>(from - 1, 1));
    const double last = schedule.log_snr(1);
    std::vector<double> times{static_cast<double>(from)};
    for (std::int64_t i = 1; i + 1 < count; ++i)
        times.push_back(schedule.time_of(first + (last - first) * static_cast<double>(i) /
                                                     static_cast<double>(count - 1)));
    if (count > 1) times.push_back(1);
    return times;
}

std::vector<double> make_times(const Schedule& schedule, const SamplerOptions& o) {
    const std::int64_t from = o.from == 0 ? schedule.steps() : o.from;
    check(from >= 1 && from <= schedule.steps(), "ddpm", "no such time to sample from; got ", from,
          "; expected 1 to ", schedule.steps());
    const std::int64_t count = o.steps == 0 ? from : o.steps;
    check(count >= 1 && count <= from, "ddpm", "bad number of sampling steps; got ", count,
          "; expected 1 to ", from, ", the steps of the schedule");
    const bool by_snr = o.spacing.empty() ? o.name == "dpm++" : o.spacing == "log-snr";
    check(o.spacing.empty() || o.spacing == "log-snr" || o.spacing == "time", "ddpm",
          "unknown spacing '", o.spacing, "'; expected one of time, log-snr");
    check(!by_snr || o.name != "ancestral", "ddpm",
          "ancestral sampling needs integer times; got spacing log-snr; expected time");
    return by_snr ? even_logits(schedule, from, count) : even_times(from, count);
}

}  // namespace

PredictedState predict(const Schedule& schedule, const Denoiser& denoiser, double t,
                       const Tensor& x, bool clip) {
    const Coefficients c = schedule.at(t);
    check(c.alpha_bar.item() > 0 || denoiser.kind() != Prediction::noise, "ddpm",
          "where alpha_bar_T = 0, noise does not determine x_0; hint: predict x0 or v");
    const Denoiser::Output out = denoiser(x, full({x.size(0)}, t, x.options()));
    if (!clip && denoiser.kind() == Prediction::noise)
        return {.t = t,
                .x = x,
                .x0 = to_x0(c, Prediction::noise, out.predicted, x),
                .noise = out.predicted,
                .v = out.v};
    const Tensor predicted = to_x0(c, denoiser.kind(), out.predicted, x);
    const Tensor x0 = clip ? clamp(predicted, {.lo = -1, .hi = 1}) : predicted;
    return {.t = t, .x = x, .x0 = x0, .noise = from_x0(c, Prediction::noise, x0, x), .v = out.v};
}

Sampler::Sampler(const Schedule& schedule, const SamplerOptions& options)
    : schedule_(schedule), times_(make_times(schedule, options)), clip_x0_(options.clip_x0) {}

Tensor Sampler::sample(const Denoiser& denoiser, const Tensor& xT, SampleNoise& noise,
                       const Observe& observe, const Constrain& constrain) const {
    check(xT.defined() && xT.rank() >= 1 && (xT.dtype() == f32 || xT.dtype() == f64), "ddpm",
          "samples come from noise [B, ..], f32 or f64; got ", describe(xT));
    NoGrad guard;
    const Predict predict_at = [&](double t, const Tensor& x) {
        return predict(schedule_, denoiser, t, x, clip_x0_);
    };
    Tensor x = xT;
    std::optional<PredictedState> before;
    for (std::size_t i = 0; i < times_.size(); ++i) {
        const bool last = i + 1 == times_.size();
        PredictedState now = predict_at(times_[i], x);
        if (observe) observe(now.t, now.x, now.x0);
        x = last ? now.x0
                 : step(now, before ? &*before : nullptr, times_[i + 1], predict_at, noise);
        if (constrain) x = constrain(last ? 0 : times_[i + 1], x);
        before = std::move(now);
    }
    return x;
}

Tensor ddim_step(const Schedule& schedule, const PredictedState& now, double s) {
    return now.x0 * std::sqrt(schedule.alpha_bar_at(s)) +
           now.noise * std::sqrt(schedule.noise_variance_at(s));
}

Tensor ddim_invert(const Schedule& schedule, const Denoiser& denoiser, const Tensor& x0,
                   std::int64_t steps) {
    NoGrad guard;
    const std::vector<double> times =
        make_sampler(schedule, {.name = "ddim", .steps = steps})->times();
    // At t = 0, x_0 is x itself; the first step up uses the noise that the model predicts at t_S.
    PredictedState now = predict(schedule, denoiser, times.back(), x0);
    now.x0 = x0;
    for (std::size_t i = times.size(); i-- > 0;) {
        const Tensor x = ddim_step(schedule, now, times[i]);
        if (i == 0) return x;
        now = predict(schedule, denoiser, times[i], x);
    }
    return x0;
}

}  // namespace eps::models::ddpm
