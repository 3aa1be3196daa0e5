#include "nn/optim/grad_scaler.h"

#include <cmath>
#include <limits>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::nn {
namespace {

constexpr const char* kOp = "GradScaler";

}  // namespace

GradScaler::GradScaler(GradScalerOptions options)
    : options_(options),
      scale_(Tensor(options.init_scale)),
      growth_tracker_(zeros({}, {.dtype = i64})) {
    const double largest = std::numeric_limits<float>::max();
    check(options.init_scale > 0 && options.init_scale <= largest, kOp, "bad init_scale; got ",
          options.init_scale, "; expected above 0, at most ", largest);
    check(std::isfinite(options.growth_factor) && options.growth_factor > 1, kOp,
          "bad growth_factor; got ", options.growth_factor, "; expected a number above 1");
    check(options.backoff_factor > 0 && options.backoff_factor < 1, kOp, "bad backoff_factor; got ",
          options.backoff_factor, "; expected 0 < backoff_factor < 1");
    check(options.growth_interval >= 1, kOp, "bad growth_interval; got ", options.growth_interval,
          "; expected at least 1");
}

void GradScaler::follow(Device device) {
    scale_ = to(scale_, device);
    growth_tracker_ = to(growth_tracker_, device);
}

Tensor GradScaler::scale(const Tensor& loss) {
    if (!options_.enabled) return loss;
    check(loss.defined() && is_real(loss.dtype()), kOp, "only f32 and f64 losses are scaled; got ",
          describe(loss));
    follow(loss.device());
    return loss * to(scale_, loss.dtype());
}

Tensor GradScaler::unscaled(const Tensor& x) const {
    return options_.enabled ? x / to(scale_, x.dtype()) : x;
}

void GradScaler::unscale(Optimizer& optimizer) {
    if (!options_.enabled) return;
    if (const auto seen = seen_.find(&optimizer); seen != seen_.end())
        fail(kOp, "unscale() of an optimizer ",
             seen->second.stepped ? "whose step() was" : "that was unscaled",
             " already; hint: update() comes between");
    const NoGrad guard;
    std::vector<kernels::UpdateTensors> list;
    for (const Tensor& p : optimizer.parameters())
        if (const Tensor gradient = p.grad(); gradient.defined()) {
            check(gradient.device() == scale_.device(), kOp,
                  "a gradient and the scale are on different devices; got ", gradient.device(),
                  " and ", scale_.device(), "; hint: backward(scaler.scale(loss))");
            // New buffers: two parameters may share one gradient, which must not be divided twice.
            const Tensor without = empty(gradient.shape(), gradient.options());
            list.push_back(
                {.value = without, .gradient = contiguous(gradient), .state1 = {}, .state2 = {}});
            p.set_grad(without);
        }
    Seen& seen = seen_[&optimizer];
    seen.found = zeros({}, scale_.options());
    if (!list.empty()) kernels::multi_tensor_unscale(seen.found, scale_, list);
}

void GradScaler::step(Optimizer& optimizer) {
    if (!options_.enabled) return optimizer.step();
    if (!seen_.contains(&optimizer)) unscale(optimizer);
    Seen& seen = seen_.at(&optimizer);
    check(!seen.stepped, kOp,
          "step() of an optimizer whose step() was already; hint: update() comes between");
    optimizer.step(seen.found);
    seen.stepped = true;
}

void GradScaler::update() {
    if (!options_.enabled) return;
    check(!seen_.empty(), kOp, "update() without a step() or unscale() before it");
    const NoGrad guard;
    Tensor found = zeros({}, scale_.options());
    for (const auto& [optimizer, seen] : seen_) found = maximum(found, seen.found);
    const Tensor skipped = found > 0.0,
                 tracker = where(skipped, zeros_like(growth_tracker_), growth_tracker_ + 1.0);
    const Tensor grows = tracker >= static_cast<double>(options_.growth_interval),
                 grown = scale_ * options_.growth_factor;
    const Tensor kept = where(logical_and(grows, isfinite(grown)), grown, scale_);
    // In place: a captured step repeats addresses.
    scale_.copy_(where(skipped, scale_ * options_.backoff_factor, kept));
    growth_tracker_.copy_(where(grows, zeros_like(tracker), tracker));
    seen_.clear();
}

NamedTensors GradScaler::state_dict() const {
    if (!options_.enabled) return {};
    return {{"scale", scale_}, {"growth_tracker", growth_tracker_}};
}

void GradScaler::load_state_dict(const NamedTensors& state) {
    copy_by_name(kOp, state_dict(), state);
}

}  // namespace eps::nn
