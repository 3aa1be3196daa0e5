#pragma once
// Weights that are computed from other parameters at every forward. Module::parametrize() installs
// such a rule for a weight of a layer; spectral and weight norm are two of them. A rule of your own
// is a class with one function:
//
//     struct Symmetric : nn::Parametrization {
//         Tensor& original;
//         explicit Symmetric(Tensor& weight) : original(add_parameter("original", weight)) {}
//         Tensor value() override { return (original + transpose(original)) * 0.5; }
//     };
//     layer.parametrize("weight", [](Tensor& weight, std::int64_t) {
//         return std::make_unique<Symmetric>(weight);
//     });
//
// The rule starts from the layer's own tensor, which stays a parameter: optimisers that were made
// before still hold it. Names in a state dict are those of torch.nn.utils.parametrizations.
#include <concepts>
#include <memory>
#include <optional>

#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

class Parametrization : public Module {
public:
    /// The weight, differentiable in the rule's parameters. The layer calls it once in a forward.
    virtual Tensor value() = 0;
};

struct SpectralNormOptions {
    std::int64_t iterations = 1;  // steps of the power method in a forward
    double epsilon = 1e-12;       // the smallest length that a vector is divided by
    // The dimension whose indices are the rows of W. By default that of the layer's outputs: 1 for
    // ConvTranspose2d and 0 for the others.
    std::optional<std::int64_t> dim = {};
    Generator* generator = nullptr;  // null: default_generator()
};

/// Computes weight = original / sigma, where sigma = u^T W v is the largest singular value of
/// W [rows, rest], the weight with `dim` first and the others joined. Returns `layer`, which is a
/// Linear, a Conv2d, ...
///
/// Each forward in training first iterates u <- W v / |W v|, v <- W^T u / |W^T u| (in PyTorch's
/// order: u first). u and v are buffers and constants to the derivative; they start from N(0, 1)
/// and 15 iterations. Parameter: original. Buffers: 0._u [rows], 0._v [rest].
/// Throws: unless iterations >= 1, epsilon > 0 and the weight has dimension dim.
/// Source: Miyato et al. 2018, Algorithm 1.
Module& spectral_norm(Module& layer, const SpectralNormOptions& options = {});

struct WeightNormOptions {
    // The dimension that has one length for each index. By default that of the layer's outputs;
    // PyTorch takes 0 for every layer.
    std::optional<std::int64_t> dim = {};
};

/// Computes weight = g v / |v|, where |v| is over all dimensions but `dim`. Returns `layer`.
///
/// Parameters: original0 = g [.., 1, n, 1, ..] and original1 = v. They start at |weight| and
/// weight, so that nothing changes. g is a new tensor: make optimisers after this. Throws: unless
/// the weight has dimension dim. Source: Salimans & Kingma 2016, eq. 2.
Module& weight_norm(Module& layer, const WeightNormOptions& options = {});

/// The same for a layer that is about to be moved:
/// net.add(spectral_norm(std::make_unique<Linear>(2, 64))).
template <std::derived_from<Module> Layer>
std::unique_ptr<Layer> spectral_norm(std::unique_ptr<Layer> layer,
                                     const SpectralNormOptions& options = {}) {
    check(layer != nullptr, "spectral_norm", "the layer is null");
    spectral_norm(*layer, options);
    return layer;
}
template <std::derived_from<Module> Layer>
std::unique_ptr<Layer> weight_norm(std::unique_ptr<Layer> layer,
                                   const WeightNormOptions& options = {}) {
    check(layer != nullptr, "weight_norm", "the layer is null");
    weight_norm(*layer, options);
    return layer;
}

}  // namespace eps::nn
