#pragma once
// The normal distribution with independent elements, in its two usual parameterisations: by the
// logarithm of the variance, which a network can output, and by the variance, which a diffusion
// schedule gives. All values are in nats.
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models {

/// Vectors z ~ N(mu, diag exp(log_var)).
/// Shapes: mu and log_var [.., D], or any shapes that broadcast to it.
struct DiagonalNormal {
    Tensor mu, log_var;

    /// z = mu + exp(log_var / 2) noise, noise ~ N(0, I): differentiable in mu and log_var.
    /// Source: the reparameterisation trick, Kingma & Welling 2014, section 2.4.
    Tensor sample(Generator& generator) const;
    /// The same for given noise [.., D].
    Tensor sample_with(const Tensor& noise) const;
    /// log N(z; mu, diag exp(log_var)): z [.., D] -> [..]
    Tensor log_prob(const Tensor& z) const;
    /// 1/2 sum_d (1 + log 2 pi + log_var_d) -> [..]
    Tensor entropy() const;
};
/// KL(q || p) in closed form -> [..]
Tensor kl(const DiagonalNormal& q, const DiagonalNormal& p);
/// KL(q || N(0, I)) -> [..]
/// Source: Kingma & Welling 2014, appendix B.
Tensor kl_to_standard_normal(const DiagonalNormal& q);
/// log N(z; 0, I): z [.., D] -> [..]
Tensor standard_normal_log_prob(const Tensor& z);

/// Samples x [B, ...] of any shape, x ~ N(mean, variance I).
/// Shapes: mean [B, ...]; variance of the same shape, or [B, 1, ..] for one value a sample.
struct Normal {
    Tensor mean, variance;

    /// N(0, I) for samples of x's dtype and device.
    static Normal standard(const Tensor& x);
    /// mean + sqrt(variance) noise -> [B, ...]
    Tensor sample(Generator& generator) const;
    /// log N(x; mean, variance I) of each sample: x [B, ...] -> [B]
    Tensor log_prob(const Tensor& x) const;
    /// 1/2 sum (1 + log 2 pi + log variance) -> [B]
    Tensor entropy() const;
};
/// KL(q || p) of each sample -> [B]
Tensor kl(const Normal& q, const Normal& p);

}  // namespace eps::models
