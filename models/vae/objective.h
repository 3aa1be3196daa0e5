#pragma once
// The bounds that a variational autoencoder maximises, apart from any network. In nats, one value a
// sample.
//
//     log p(x) >= ELBO(x) = E_q(z|x)[ log p(x|z) ] - KL(q(z|x) || p(z))
//                                                        (Kingma & Welling 2014, eq. 3)
//     log p(x) >= L_k(x)  = E[ log 1/k sum_i p(x, z_i) / q(z_i|x) ],   L_1 = ELBO <= L_k
//                                                        (Burda et al. 2016, eq. 8)
//
// The distributions q, p(z) and p(x|z) are those of models/distributions/.
#include "tensor/tensor.h"

namespace eps::models::vae {

/// The bound and its two terms, each [B].
struct Elbo {
    Tensor elbo, log_likelihood, kl;
};
/// log_likelihood - beta kl. With beta = 1 it is the bound, otherwise the objective of the beta-VAE
/// (Higgins et al. 2017).
Elbo elbo(const Tensor& log_likelihood, const Tensor& kl, double beta = 1);

/// log 1/k sum_i exp(log_weights[i]), log_weights[i] = log p(x, z_i) - log q(z_i|x)
/// Shapes: [k, B] -> [B]
Tensor iwae_bound(const Tensor& log_weights);

}  // namespace eps::models::vae
