#pragma once
// Loss scaling for products whose factors are f16 (tensor/runtime/precision.h): gradients below
// 2^-24 would be 0 there.
#include <map>

#include "nn/optim/optimizer.h"

namespace eps::nn {

struct GradScalerOptions {
    double init_scale = 65536, growth_factor = 2, backoff_factor = 0.5;
    std::int64_t growth_interval = 2000;
    bool enabled = true;
};

/// Dynamic loss scaling: the gradients of scale x loss, which f16 holds, divided by the scale in
/// f32. Where one of them is not finite, the scale was too large: the step is skipped, and the
/// scale becomes backoff_factor times itself. After growth_interval steps without a skip it becomes
/// growth_factor times itself, unless f32 does not hold that.   (Micikevicius et al. 2018,
/// section 3.2; as torch.amp.GradScaler)
///
///     backward(scaler.scale(loss));
///     scaler.unscale(optimizer);                             // only for what looks at gradients:
///     nn::clip_grad_norm(optimizer.parameters(), 1.0);
///     scaler.step(optimizer);
///     scaler.update();
///
/// The scale and what is skipped are numbers of the device that losses are on: the host never
/// waits, and a captured Step goes on by itself. A skipped step leaves parameters and the
/// optimiser's states as they are, but not its counts: of t in a formula it is one. Powers of two
/// as scale and factors change no bit of a gradient that neither overflows nor underflows. With a
/// gradient's penalty, only the loss that it ends in is scaled. If it is not `enabled`, nothing is
/// scaled or skipped.
class GradScaler {
public:
    /// Throws unless init_scale is positive and held by f32, growth_factor above 1, backoff_factor
    /// between 0 and 1, growth_interval positive.
    explicit GradScaler(GradScalerOptions options = {});

    bool is_enabled() const { return options_.enabled; }
    /// loss times the scale, in the loss's dtype.
    Tensor scale(const Tensor& loss);
    /// x, a gradient of what scale() gave, without the scale.
    Tensor unscaled(const Tensor& x) const;
    /// Divides the gradients of the optimiser's parameters by the scale. Once a step(), which else
    /// does it itself.
    void unscale(Optimizer& optimizer);
    /// optimizer.step(), skipped where a gradient was not finite when it was unscaled. Once an
    /// update().
    void step(Optimizer& optimizer);
    /// The scale of the next step: after the step()s of all optimisers, skipped where one was.
    void update();
    /// The present one, f32 [], on its device; it keeps its place.
    const Tensor& current_scale() const { return scale_; }

    /// "scale" (f32) and "growth_tracker" (i64), the steps since the scale last changed: what a
    /// checkpoint needs to go on bitwise. Empty where it is not enabled.
    NamedTensors state_dict() const;
    /// Throws, naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

private:
    struct Seen {
        Tensor found;  // f32 []: not 0 if a gradient was not finite
        bool stepped = false;
    };
    void follow(Device device);

    GradScalerOptions options_;
    Tensor scale_, growth_tracker_;
    std::map<const Optimizer*, Seen> seen_;  // since the last update
};

}  // namespace eps::nn
