#pragma once
// Loss scaling for products whose factors are f16 (tensor/runtime/precision.h), where gradients
// below 2^-24 would be 0.
#include <functional>
#include <map>

#include "nn/optim/optimizer.h"

namespace eps::nn {

struct GradScalerOptions {
    double init_scale = 65536, growth_factor = 2, backoff_factor = 0.5;
    std::int64_t growth_interval = 2000;
    bool enabled = true;
};

/// Dynamic loss scaling: multiplies the loss by a scale, so that f16 holds its gradients, and
/// divides the gradients by it in f32. Where a gradient is not finite, the scale was too large: the
/// step is skipped and the scale multiplied by backoff_factor. After growth_interval steps without
/// a skip it is multiplied by growth_factor, unless the product overflows f32.
///
///     backward(scaler.scale(loss));
///     scaler.unscale_(optimizer);  // only needed before clipping
///     nn::clip_grad_norm_(optimizer.parameters(), 1.0);
///     scaler.step(optimizer);
///     scaler.update();
///
/// The scale and the decision to skip stay on the device of the losses: the host never waits, and a
/// captured Step carries on by itself. A skipped step changes neither parameters nor the states of
/// the optimiser, but its counts go on: t in a formula counts skipped steps as well. With powers of
/// two as scale and factors, no bit changes of a gradient that neither overflows nor underflows.
/// For a gradient penalty, scale the final loss only. With enabled = false nothing is scaled or
/// skipped. Source: Micikevicius et al. 2018, section 3.2; as torch.amp.GradScaler.
class GradScaler {
public:
    /// Throws: unless init_scale is positive and finite in f32, growth_factor above 1,
    /// backoff_factor between 0 and 1, and growth_interval positive.
    explicit GradScaler(GradScalerOptions options = {});

    bool is_enabled() const { return options_.enabled; }
    /// loss times the scale, in the dtype of the loss.
    Tensor scale(const Tensor& loss);
    /// Divides x, a gradient of a scaled loss, by the scale.
    Tensor unscaled(const Tensor& x) const;
    /// Divides the gradients of the optimiser's parameters by the scale, at most once before each
    /// step(), which otherwise does it itself.
    void unscale_(Optimizer& optimizer);
    /// optimizer.step(), skipped where a gradient was not finite. At most once before update().
    /// Throws: as Optimizer::step; it can then be called again.
    void step(Optimizer& optimizer);
    /// Computes the scale of the next step, after the step() of every optimiser.
    void update();
    /// As Optimizer::prepare_step. The scale may be prepared before what step() prepared is called.
    std::function<void()> prepare_step(Optimizer& optimizer);
    std::function<void()> prepare_update();
    /// Forgets what was unscaled since the last update(), because the gradients are thrown away.
    void discard() noexcept { unscaled_.clear(); }
    /// The present scale, f32 [], on its device. It is the same tensor throughout.
    const Tensor& current_scale() const { return scale_; }

    /// "scale" (f32) and "growth_tracker" (i64), the number of steps since the scale last changed.
    /// With these a run resumes with the same bits. Empty if not enabled.
    NamedTensors state_dict() const;
    /// Throws: naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

private:
    struct Unscaled {
        Tensor found;  // f32 []: not 0 if a gradient was not finite
        bool stepped = false;
    };
    void move_to(Device device);

    GradScalerOptions options_;
    Tensor scale_, growth_tracker_;
    std::map<const Optimizer*, Unscaled> unscaled_;  // since the last update
};

}  // namespace eps::nn
