#pragma once
// Proposition 1 and Theorem 1 of Goodfellow et al. 2014: the best discriminator between two known
// densities, and the value of the game that it leads to.
#include "models/gan/theory/divergences.h"

namespace eps::models::gan {

/// D*(x) = p(x) / (p(x) + q(x)) = sigmoid(log p(x) - log q(x)), from log-densities of one shape
/// -> f64 of that shape. 1/2 where both vanish, where the game leaves D free.
/// Source: Proposition 1, eq. 2.
Tensor optimal_discriminator(const Tensor& log_p, const Tensor& log_q);

/// V(D, G) = E_p log D(x) + E_q log(1 - D(x)), D given by its logits at the nodes [n]   (eq. 1)
double value(const Densities& densities, const Tensor& logits);
/// C(G) = max_D V(D, G) = V(D*, G) >= -log 4   (eq. 4)
double criterion(const Densities& densities);
/// The same as -log 4 + KL(p || (p + q) / 2) + KL(q || (p + q) / 2)   (eq. 5)
double criterion_by_kl(const Densities& densities);
/// The same as -log 4 + 2 JSD(p || q)   (eq. 6)
double criterion_by_jsd(const Densities& densities);

/// The mean of |D - D*| under (p + q) / 2, D given by its probabilities at the nodes [n].
double discriminator_error(const Densities& densities, const Tensor& probabilities);

/// D* of the game with instance noise of standard deviation `sigma`, at x [n, d] -> f64 [n], from
/// samples of both players [N, d]. A generator's density is unknown, and with it D* of the plain
/// game. But noise on both players' samples (Sonderby et al. 2017) convolves both densities with
/// N(0, sigma^2 I), and Parzen windows of exactly this width estimate the results without bias. x
/// must not be the samples themselves.
Tensor noisy_optimal_discriminator(const Tensor& x, const Tensor& real, const Tensor& fake,
                                   double sigma);

}  // namespace eps::models::gan
