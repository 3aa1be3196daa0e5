#pragma once
// A bijector: an invertible map whose Jacobian determinant is known; and compositions of bijectors.
// Normalizing flows are made of them, and a VAE's posterior may go through one.
//
//     z_k = f_k(z_{k-1}),  log q_K(z_K) = log q_0(z_0) - sum_k log |det df_k / dz_{k-1}|
//
// The Jacobian is taken at the layer's INPUT z_{k-1}. `transform` always leads from the base
// distribution to the data, `inverse` back.
// Source: Rezende & Mohamed 2015, eq. 5 to 7.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/module.h"
#include "tensor/tensor.h"

namespace eps::models {

/// The image of a batch, and log |det| of the map at each sample.
struct Transformed {
    Tensor z;        // [B, ...]
    Tensor log_det;  // [B]
};

class Bijector : public nn::Module {
public:
    /// z_{k-1} [B, ...] -> z_k, with log |det df_k / dz_{k-1}|. A context [B, C] conditions the
    /// map; it is undefined where there is none.
    virtual Transformed transform(const Tensor& z, const Tensor& context = {}) = 0;
    /// z_k alone, which suffices for expectations. Flows with a costly determinant override this.
    virtual Tensor map(const Tensor& z, const Tensor& context = {}) {
        return transform(z, context).z;
    }
    /// z_k -> z_{k-1}, with log |det| of the inverse, which is minus that of `transform` at
    /// z_{k-1}. Differentiable.
    /// Throws: naming the flow, if it has no inverse.
    virtual Transformed inverse(const Tensor& z, const Tensor& context = {}) = 0;
    virtual bool has_inverse() const { return true; }
    virtual std::string name() const = 0;  // "planar"

    Tensor forward(const Tensor& z) override { return map(z); }
};

/// f_K o .. o f_1; the identity without layers.
/// Throws: on a log-determinant that is not finite, naming the layer's index and kind (on the CPU).
class Composition final : public Bijector {
public:
    /// Appends f_{K+1} and takes ownership. Its module name is its index.
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
    /// f_{index + 1}
    /// Throws: if there is none.
    Bijector& layer(std::int64_t index);
    /// The result of every layer of `transform`, K in all.
    std::vector<Transformed> steps(const Tensor& z, const Tensor& context = {});

private:
    enum class Pass { transform, inverse };
    /// Throws unless `total` is finite, naming the first layer whose log_dets[k] is not.
    void check_finite(const Tensor& total, const std::vector<Tensor>& log_dets, Pass pass) const;

    std::vector<std::unique_ptr<Bijector>> layers_;
};

/// log |det| = 0 for each sample of x [B, ...] -> [B]
Tensor zero_log_det(const Tensor& x);
/// Throws: unless z is floating and [B, dim].
void check_vectors(const char* flow, const Tensor& z, std::int64_t dim);
/// Throws: unless context is [B, width] with z's B. With width 0 a flow takes no context, and
/// ignores one that is meant for other layers.
void check_context(const char* flow, const Tensor& z, const Tensor& context, std::int64_t width);

}  // namespace eps::models
