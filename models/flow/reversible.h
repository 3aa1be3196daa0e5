#pragma once
#include "autograd/grad_mode.h"
#include "models/bijector.h"

namespace eps::models::flow {

/// A composition that saves only its output for backward. Backward recomputes each layer's input by
/// the layer's inverse and runs the layer once more, so that memory does not grow with depth, at
/// the price of an inverse for each layer. Both directions work like that. Gradients equal those of
/// the composition up to the rounding of the inverses. Backward uses the parameters that the layers
/// have at that time.
/// Throws: on second derivatives; the composition itself has them.
/// Source: Gomez et al. 2017; Dinh et al. 2015, section 3.1.
class Reversible final : public Bijector {
public:
    /// Throws: if a layer has no inverse.
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
