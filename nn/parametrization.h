#pragma once
// Weights that are computed from other parameters at every forward. Module::parametrize() puts such
// a rule in a layer's place of a weight; spectral and weight norm are two of them. A rule of your
// own is a class with one function:
//
//     struct Symmetric : nn::Parametrization {
//         Tensor& original;
//         explicit Symmetric(Tensor& weight) : original(weight) { add_parameter("original",
//         weight); } Tensor value() override { return (original + transpose(original)) * 0.5; }
//     };
//     layer.parametrize("weight", [](Tensor& w, std::int64_t) { return
//     std::make_unique<Symmetric>(w); });
//
// The layer's own tensor stays what it was, a parameter that optimisers made before still hold, and
// what the rule starts from. Names in a state dict are those of torch.nn.utils.parametrizations.
#include <concepts>
#include <memory>
#include <optional>

#include "nn/module.h"
#include "tensor/random.h"

namespace eps::nn {

class Parametrization : public Module {
public:
    /// The weight, differentiable in the rule's parameters. Called once for each forward of the
    /// layer.
    virtual Tensor value() = 0;
};

struct SpectralNormOptions {
    std::int64_t iterations = 1;  // of the power method in a forward
    double epsilon = 1e-12;       // the least length that a vector is divided by
    // the weight's rows; none: the layer's outputs, 1 of ConvTranspose2d and 0 of the others
    std::optional<std::int64_t> dim = {};
    Generator* generator = nullptr;  // null: default_generator()
};
struct WeightNormOptions {
    // one length for each index of it; none: the layer's outputs. PyTorch takes 0 for every layer
    std::optional<std::int64_t> dim = {};
};

/// weight = original / sigma, sigma = u^T W v the largest singular value of W [rows, rest], the
/// weight with `dim` first and the others joined (Miyato et al. 2018, Algorithm 1). A forward in
/// training first iterates v <- W^T u / |W^T u|, u <- W v / |W v| (PyTorch's order: u first); u and
/// v are buffers, constants to the derivative, and start from N(0, 1) and 15 iterations. Parameter:
/// original; buffers: 0._u [rows], 0._v [rest]. `layer` is a Linear, a Conv2d, ..; it is returned.
/// Throws unless iterations >= 1, epsilon > 0 and dim is one of the weight's.
Module& spectral_norm(Module& layer, const SpectralNormOptions& options = {});

/// weight = g v / |v|, |v| over all dimensions but `dim` (Salimans & Kingma 2016, eq. 2).
/// Parameters: original0 = g [.., 1, n, 1, ..], original1 = v. They start at |weight| and weight,
/// so that nothing changes; g is new: make optimisers afterwards. Throws unless dim is one of the
/// weight's.
Module& weight_norm(Module& layer, const WeightNormOptions& options = {});

/// The same with the layer's own type, for `net.add(spectral_norm(std::make_unique<Linear>(2,
/// 64)))`.
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
