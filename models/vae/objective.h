#pragma once
// The objective of the variational autoencoder, apart from any network. Everything in nats, one
// value a sample: [B].
//
//     log p(x) >= ELBO(x) = E_q(z|x)[ log p(x|z) ] - KL(q(z|x) || p(z)) = -F(x)            (Kingma
//     & Welling 2014, eq. 3) log p(x) >= L_k(x)  = E[ log 1/k sum_i p(x, z_i) / q(z_i|x) ],  L_1 =
//     ELBO <= L_k     (Burda et al. 2016, eq. 8)
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::vae {

/// A normal distribution with diagonal covariance: q(z|x), p(h|z) or a Gaussian decoder. Both [B,
/// D].
struct DiagonalNormal {
    Tensor mu, log_var;

    /// z = mu + exp(log_var / 2) noise, noise ~ N(0, I) of the same shape: the reparameterisation
    /// trick (section 2.4).
    Tensor sample(Generator& generator) const;
    Tensor sample_with(const Tensor& noise) const;
    /// log N(z; mu, exp(log_var)) summed over D -> [B]
    Tensor log_prob(const Tensor& z) const;
};

/// log N(z; 0, I) summed over D -> [B]
Tensor standard_normal_log_prob(const Tensor& z);
/// KL(q || N(0, I)) in closed form -> [B]   (appendix B)
Tensor kl_to_standard_normal(const DiagonalNormal& q);

/// log p(x|z) of a Bernoulli decoder from logits: x, logits [B, P] -> [B]. x in [0, 1]; for grey x
/// this is minus the cross entropy.
Tensor bernoulli_log_prob(const Tensor& x, const Tensor& logits);
/// log p(x|z) of a Gaussian decoder of one deviation for all pixels: log_var of rank 0, a parameter
/// or a constant -> [B]
Tensor gaussian_log_prob(const Tensor& x, const Tensor& mu, const Tensor& log_var);

/// The bound and its two terms, each [B].
struct Elbo {
    Tensor elbo, log_likelihood, kl;
};
/// log_likelihood - beta kl; beta = 1 is the bound, others are the beta-VAE of Higgins et al. 2017.
Elbo elbo(const Tensor& log_likelihood, const Tensor& kl, double beta = 1);

/// log 1/k sum_i exp(log_w[i]) over the first dimension, by logsumexp: [k, B] -> [B]
Tensor iwae_bound(const Tensor& log_weights);

}  // namespace eps::models::vae
