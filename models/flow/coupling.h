#pragma once
// Coupling layers: one part of the sample is kept, and a network of it computes the parameters of
// an elementwise bijector g for the rest. Both directions cost the same; the network is never
// inverted.
//
//     z'_kept = z_kept,  z'_rest = g(z_rest; net(z_kept)),  log |det| = sum log g'
//
// Source: Dinh et al. 2015, 2017; Durkan et al. 2019.
#include "models/bijector.h"
#include "models/flow/elementwise.h"
#include "models/flow/mask.h"
#include "tensor/random.h"

namespace eps::models::flow {

class Coupling final : public Bijector {
public:
    /// `net` maps the kept part, with the context if any appended along dimension 1, to the
    /// parameters of `map` for the rest. With a checkerboard it takes the whole image, 0 where it
    /// is transformed, and its parameters for the kept pixels are ignored.
    Coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map, std::unique_ptr<nn::Module> net,
             std::int64_t context = 0);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override {
        return run(z, context, &ElementwiseBijector::forward);
    }
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override {
        return run(z, context, &ElementwiseBijector::inverse);
    }
    std::string name() const override { return map_->name() + " coupling"; }

private:
    using Direction = ElementwiseBijector::Output (ElementwiseBijector::*)(const Tensor&,
                                                                           const Tensor&) const;
    Transformed run(const Tensor& z, const Tensor& context, Direction direction);
    Transformed run_on_checkerboard(const Tensor& z, const Tensor& context, Direction direction);
    Tensor parameters_of(const Tensor& kept, const Tensor& context, const Tensor& rest);

    Mask mask_;
    std::unique_ptr<ElementwiseBijector> map_;
    std::unique_ptr<nn::Module> net_;
    std::int64_t context_;
};

/// A coupling of points [B, dim] with a multilayer perceptron.
struct CouplingOptions {
    std::int64_t width = 64, hidden = 2, context = 0;
};
std::unique_ptr<Coupling> coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                   std::int64_t dim, const CouplingOptions& options,
                                   Generator& generator);
/// A coupling of images [B, channels, H, W] with a convolutional network.
std::unique_ptr<Coupling> image_coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                         std::int64_t channels, std::int64_t width,
                                         Generator& generator);

}  // namespace eps::models::flow
