#pragma once
#include "autograd/grad_mode.h"
#include "models/bijector.h"

namespace eps::models::flow {

/// A composition that keeps nothing for backward but where it ended: going back, each layer's input
/// is its inverse of the output, and the layer runs once more. Memory does not grow with depth, for
/// the price of an inverse a layer   (Gomez et al. 2017; Dinh et al. 2015, section 3.1). Both
/// directions. Gradients are the composition's, to the rounding of the inverses. Second derivatives
/// throw: take them of the composition. backward runs the layers with the parameters that they have
/// then.
class Reversible final : public Bijector {
public:
    /// Throws if a layer has no inverse.
    explicit Reversible(std::unique_ptr<Composition> flow);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override {
        return run(z, context, true);
    }
    Tensor map(const Tensor& z, const Tensor& context = {}) override {
        return grad_enabled() ? run(z, context, true).z : flow_->map(z, context);
    }
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override {
        return run(z, context, false);
    }
    std::string name() const override { return "reversible"; }

    Composition& flow() { return *flow_; }

private:
    Transformed run(const Tensor& z, const Tensor& context, bool forwards);
    std::unique_ptr<Composition> flow_;
};

}  // namespace eps::models::flow
