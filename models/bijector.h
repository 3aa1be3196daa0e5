#pragma once
// A flow: an invertible map of R^D whose Jacobian's determinant is known, and compositions of such
// maps.
//     z_k = f_k(z_{k-1}),  log q_K(z_K) = log q_0(z_0) - sum_k log |det df_k / dz_{k-1}|   (Rezende
//     & Mohamed 2015, eq. 5 to 7)
// The Jacobian is taken at the layer's INPUT z_{k-1}. Everywhere, transform leads from the base
// distribution to the data.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/module.h"
#include "tensor/tensor.h"

namespace eps::models {

/// Where a batch went, z [B, ...], and log |det| of the way there, [B].
struct Transformed {
    Tensor z, log_det;
};

class Bijector : public nn::Module {
public:
    /// z_{k-1} [B, ...] -> z_k, with log |det df_k / dz_{k-1}|. context [B, C] conditions it;
    /// undefined where there is none.
    virtual Transformed transform(const Tensor& z, const Tensor& context = {}) = 0;
    /// z_k alone: what expectations need (LOTUS). Flows whose determinant costs something leave it
    /// out here.
    virtual Tensor map(const Tensor& z, const Tensor& context = {}) {
        return transform(z, context).z;
    }
    /// z_k -> z_{k-1}, with log |det| of the inverse: minus that of transform there.
    /// Differentiable. Throws, naming the flow, if it has none.
    virtual Transformed inverse(const Tensor& z, const Tensor& context = {}) = 0;
    virtual bool has_inverse() const { return true; }
    virtual std::string name() const = 0;  // "planar"

    Tensor forward(const Tensor& z) override { return map(z); }
};

/// f_K o .. o f_1; of no layers, the identity. A log-determinant that is not finite throws, naming
/// the layer's index and kind.
class Composition final : public Bijector {
public:
    /// Appends f_{K+1}, which the composition owns from now on; its name as a module is its index.
    Composition& add(std::unique_ptr<Bijector> layer);
    template <class Layer, class... Arguments> Composition& add(Arguments&&... arguments) {
        return add(std::make_unique<Layer>(std::forward<Arguments>(arguments)...));
    }
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    bool has_inverse() const override;
    std::string name() const override { return "composition"; }

    std::int64_t size() const { return static_cast<std::int64_t>(layers_.size()); }
    /// f_{index + 1}; throws if there is none.
    Bijector& layer(std::int64_t index);
    /// transform, keeping every z_k and log_det on the way: what pictures of a flow are drawn from.
    /// K of them.
    std::vector<Transformed> steps(const Tensor& z, const Tensor& context = {});

private:
    enum class Pass { transform, inverse };
    /// Throws, naming the layer that is to blame, unless all is finite. of_layer[k] is layer k's.
    void check_finite(const Tensor& total, const std::vector<Tensor>& of_layer, Pass pass) const;

    std::vector<std::unique_ptr<Bijector>> layers_;
};

/// A log-determinant of 0 for each of the batch x [B, ...] -> [B]
Tensor zero_log_det(const Tensor& x);
/// Throws unless z is a floating [B, dim].
void check_vectors(const char* flow, const Tensor& z, std::int64_t dim);
/// Throws unless context is [B, width] with z's B. A flow of width 0 takes no context, and ignores
/// one that is meant for others.
void check_context(const char* flow, const Tensor& z, const Tensor& context, std::int64_t width);

}  // namespace eps::models
