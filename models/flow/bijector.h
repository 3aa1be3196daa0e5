#pragma once
// A flow: an invertible map of R^D whose Jacobian's determinant is known, and compositions of such maps.
//     z_k = f_k(z_{k-1}),  log q_K(z_K) = log q_0(z_0) - sum_k log |det df_k / dz_{k-1}|   (Rezende & Mohamed 2015, eq. 5 to 7)
// The Jacobian is taken at the layer's INPUT z_{k-1}.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/module.h"
#include "tensor/tensor.h"

namespace eps::models::flow {

/// Where a batch went, z [B, ...], and log |det| of the way there, [B].
struct Mapped {
    Tensor z, log_det;
};

class Bijector : public nn::Module {
public:
    /// z_{k-1} [B, ...] -> z_k, with log |det df_k / dz_{k-1}|. context [B, C] conditions it; undefined where there is none.
    virtual Mapped transform(const Tensor& z, const Tensor& context = {}) = 0;
    /// z_k -> z_{k-1}, with log |det| of the inverse: minus that of transform there. Differentiable. Throws, naming the flow, if it has none.
    virtual Mapped inverse(const Tensor& z, const Tensor& context = {}) = 0;
    virtual bool has_inverse() const { return true; }
    virtual std::string name() const = 0;  // "planar"
};

/// f_K o .. o f_1. A log-determinant that is not finite throws, naming the layer's index and kind.
class Composition final : public Bijector {
public:
    Composition& add(std::unique_ptr<Bijector> layer);
    Mapped transform(const Tensor& z, const Tensor& context = {}) override;
    Mapped inverse(const Tensor& z, const Tensor& context = {}) override;
    bool has_inverse() const override;
    std::string name() const override { return "composition"; }

    std::int64_t size() const { return static_cast<std::int64_t>(layers_.size()); }
    Bijector& layer(std::int64_t index) { return *layers_[static_cast<std::size_t>(index)]; }
    /// transform, keeping every z_k and log_det on the way: what pictures of a flow are drawn from.
    std::vector<Mapped> steps(const Tensor& z, const Tensor& context = {});

private:
    std::vector<std::unique_ptr<Bijector>> layers_;
};

}  // namespace eps::models::flow
