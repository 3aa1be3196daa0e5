#pragma once
// Radial flows: space is pushed away from a reference point, or pulled to it.
//
//     f(z) = z + beta_hat h(alpha, r) (z - c),  r = ||z - c||,  h(alpha, r) = 1 / (alpha + r)
//     (Rezende & Mohamed 2015, eq. 14; c is their z_0) det = (1 + beta_hat h)^(D - 1) (1 + beta_hat
//     h + beta_hat h' r)
//
// alpha > 0 and beta_hat >= -alpha make it invertible: beta_hat = -alpha + softplus(beta) (appendix
// A.2), and with s = softplus(beta) > 0
//     1 + beta_hat h = (r + s) / (alpha + r),  1 + beta_hat h + beta_hat h' r = (r^2 + 2 alpha r +
//     alpha s) / (alpha + r)^2
// are positive without a difference in which rounding could lose that.
#include "models/bijector.h"
#include "nn/layers/linear.h"

namespace eps::models::flow {

/// The parameters as they act: centre [D], alpha, s [], or one a sample: [B, D], [B]. beta_hat = s
/// - alpha.
struct RadialMap {
    Tensor centre, alpha, s;
};
/// alpha = exp(log_alpha), s = softplus(beta)
RadialMap constrain_radial(const Tensor& centre, const Tensor& log_alpha, const Tensor& beta);

/// r of the z that a radial map takes to distance r' from the centre, in closed form: r = (-B +
/// sqrt(B^2 + 4 alpha r')) / 2, B = alpha + beta_hat - r'.
Tensor radial_root(const Tensor& distance, const Tensor& alpha, const Tensor& s);

/// Points [B, dim]. With a context, the parameters are a linear function of it for every sample.
class Radial final : public Bijector {
public:
    Radial(std::int64_t dim, Generator& generator, std::int64_t context = 0);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "radial"; }

    /// What acts on this batch.
    RadialMap parameters_for(const Tensor& z, const Tensor& context = {});

    Tensor centre, log_alpha, beta;  // [D], [], []; undefined with a context

private:
    std::int64_t dim_, context_;
    std::unique_ptr<nn::Linear> head_;  // context -> centre, log_alpha, beta
};

}  // namespace eps::models::flow
