#pragma once
// Couplings: a part of the sample stays, and a network of it says where the rest goes. Both
// directions cost the same; the network is never inverted.
//     z_stays' = z_stays,  z_moves' = g(z_moves; net(z_stays)),  log |det| = sum log g'   (Dinh et
//     al. 2015, 2017; Durkan et al. 2019)
#include "models/bijector.h"
#include "models/flow/elementwise.h"
#include "models/flow/mask.h"
#include "tensor/random.h"

namespace eps::models::flow {

class Coupling final : public Bijector {
public:
    /// net: what stays, and behind it along dimension 1 the context where there is one -> the map's
    /// parameters of what moves. A checkerboard's network sees the whole image, black where it
    /// moves, and its parameters for what stays are not used.
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
    Transformed run_on_squares(const Tensor& z, const Tensor& context, Direction direction);
    Tensor parameters_of(const Tensor& stays, const Tensor& context, const Tensor& moves);

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
/// One of images [B, channels, H, W] with a convolutional network.
std::unique_ptr<Coupling> image_coupling(Mask mask, std::unique_ptr<ElementwiseBijector> map,
                                         std::int64_t channels, std::int64_t width,
                                         Generator& generator);

}  // namespace eps::models::flow
