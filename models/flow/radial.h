#pragma once
// Radial flows push space away from a reference point c (z_0 in the paper), or pull it there:
//
//     f(z) = z + beta_hat h(alpha, r) (z - c),  r = ||z - c||,  h(alpha, r) = 1 / (alpha + r)
//     det = (1 + beta_hat h)^(D - 1) (1 + beta_hat h + beta_hat h' r)
//
// f is invertible for alpha > 0 and beta_hat >= -alpha, so beta_hat = -alpha + softplus(beta). With
// s = softplus(beta) > 0, both factors are positive in a form without differences:
//
//     1 + beta_hat h = (r + s) / (alpha + r)
//     1 + beta_hat h + beta_hat h' r = (r^2 + 2 alpha r + alpha s) / (alpha + r)^2
//
// Source: Rezende & Mohamed 2015, eq. 14 and appendix A.2.
#include "models/bijector.h"
#include "nn/layers/linear.h"

namespace eps::models::flow {

/// The constrained parameters; beta_hat = s - alpha.
/// Shapes: centre [D] and alpha, s [] for the whole batch; or [B, D] and [B] for each sample
struct RadialMap {
    Tensor centre, alpha, s;
};
/// alpha = exp(log_alpha), s = softplus(beta)
RadialMap constrain_radial(const Tensor& centre, const Tensor& log_alpha, const Tensor& beta);

/// The distance r from the centre of the z that a radial map takes to distance r':
///     r = (-B + sqrt(B^2 + 4 alpha r')) / 2,  B = alpha + beta_hat - r'
Tensor radial_root(const Tensor& distance, const Tensor& alpha, const Tensor& s);

/// For points [B, dim]. With a context, the parameters of each sample are a linear function of it.
class Radial final : public Bijector {
public:
    Radial(std::int64_t dim, Generator& generator, std::int64_t context = 0);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Tensor map(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "radial"; }

    /// The constrained parameters for this batch.
    RadialMap parameters_for(const Tensor& z, const Tensor& context = {});

    Tensor centre, log_alpha, beta;  // [D], [], []; undefined with a context

private:
    std::int64_t dim_, context_;
    std::unique_ptr<nn::Linear> head_;  // context -> centre, log_alpha, beta
};

}  // namespace eps::models::flow
