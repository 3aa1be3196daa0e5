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

void GradScaler::move_to(Device device) {
    scale_ = to(scale_, device);
    growth_tracker_ = to(growth_tracker_, device);
}

Tensor GradScaler::scale(const Tensor& loss) {
    if (!options_.enabled) return loss;
    check(loss.defined() && is_real(loss.dtype()), kOp, "only f32 and f64 losses are scaled; got ",
          describe(loss));
    move_to(loss.device());
    return loss * to(scale_, loss.dtype());
}

Tensor GradScaler::unscaled(const Tensor& x) const {
    return options_.enabled ? x / to(scale_, x.dtype()) : x;
}

void GradScaler::unscale_(Optimizer& optimizer) {
    if (!options_.enabled) return;
    if (const auto found = unscaled_.find(&optimizer); found != unscaled_.end())
        fail(kOp, "unscale_() of an optimizer ",
             found->second.stepped ? "whose step() was" : "that was unscaled",
             " already; hint: update() comes between");
    const NoGrad guard;
    std::vector<kernels::UpdateTensors> list;
    std::vector<Tensor> owners;
    for (const Tensor& p : optimizer.parameters())
        if (const Tensor gradient = p.grad(); gradient.defined()) {
            check(gradient.device() == scale_.device(), kOp,
                  "a gradient and the scale are on different devices; got ", gradient.device(),
                  " and ", scale_.device(), "; hint: backward(scaler.scale(loss))");
            // A new buffer, because two parameters may share one gradient.
            const Tensor unscaled = empty(gradient.shape(), gradient.options());
            list.push_back(
                {.value = unscaled, .gradient = contiguous(gradient), .state1 = {}, .state2 = {}});
            owners.push_back(p);
        }
    Tensor found = zeros({}, scale_.options());
    if (!list.empty()) kernels::multi_tensor_unscale(found, scale_, list);
    unscaled_[&optimizer].found = found;
    // From here on nothing fails.
    for (std::size_t i = 0; i < owners.size(); ++i) owners[i].set_grad(list[i].value);
}

void GradScaler::step(Optimizer& optimizer) { prepare_step(optimizer)(); }
void GradScaler::update() { prepare_update()(); }

std::function<void()> GradScaler::prepare_step(Optimizer& optimizer) {
    if (!options_.enabled) return optimizer.prepare_step();
    if (!unscaled_.contains(&optimizer)) unscale_(optimizer);
    Unscaled& state = unscaled_.at(&optimizer);
    check(!state.stepped, kOp,
          "step() of an optimizer whose step() was already; hint: update() comes between");
    return [&state, step = optimizer.prepare_step(state.found)] {
        step();
        state.stepped = true;
    };
}

std::function<void()> GradScaler::prepare_update() {
    if (!options_.enabled) return [] {};
    check(!unscaled_.empty(), kOp, "update() without a step() or unscale_() before it");
    const NoGrad guard;
    Tensor found = zeros({}, scale_.options());
    for (const auto& [optimizer, state] : unscaled_) found = maximum(found, state.found);
    const Tensor skipped = found > 0.0;
    const Tensor tracker = where(skipped, zeros_like(growth_tracker_), growth_tracker_ + 1.0);
    const Tensor grows = tracker >= static_cast<double>(options_.growth_interval);
    const Tensor grown = scale_ * options_.growth_factor;
    const Tensor unless_skipped = where(logical_and(grows, isfinite(grown)), grown, scale_);
    const Tensor next = where(skipped, scale_ * options_.backoff_factor, unless_skipped);
    const Tensor next_tracker = where(grows, zeros_like(tracker), tracker);
    return [this, next, next_tracker] {
        const NoGrad no_grad;
        scale_.copy_(next);  // in place, because a captured step repeats addresses
        growth_tracker_.copy_(next_tracker);
        unscaled_.clear();
    };
}

NamedTensors GradScaler::state_dict() const {
    if (!options_.enabled) return {};
    return {{"scale", scale_}, {"growth_tracker", growth_tracker_}};
}

void GradScaler::load_state_dict(const NamedTensors& state) {
    copy_by_name(kOp, state_dict(), state);
}

}  // namespace eps::nn
