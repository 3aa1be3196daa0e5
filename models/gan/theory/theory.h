#pragma once
// The theory of Goodfellow et al. 2014, sections 4.1 and 4.2, as code: for two known densities,
// what the best discriminator is, what the game is worth, and how far apart the densities are. In
// nats and f64. p is the density of the data, q that of the samples, the paper's p_g.
#include <functional>

#include "models/distributions/estimate.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// Two densities as sums see them: log p and log q at n nodes (-inf where a density vanishes), and
/// weights by which sum_i w_i p(x_i) f(x_i) is E_p f. f64 [n] each.
struct Densities {
    Tensor log_p, log_q, weights;
};
/// Distributions on n atoms, from their probabilities [n].
Densities on_atoms(const Tensor& p, const Tensor& q);
/// Densities on the line, by the trapezoid rule, which for smooth ones that have vanished at both
/// ends errs less than any power of the spacing.
using LogDensity = std::function<double(double x)>;
Densities on_line(const LogDensity& log_p, const LogDensity& log_q, double low, double high,
                  int nodes = 4001);

/// D*(x) = p(x) / (p(x) + q(x)) = sigmoid(log p(x) - log q(x)), the best answer to a fixed G, from
/// log-densities of equal shapes -> f64; 1/2 where both vanish, of which the game asks nothing
/// (Proposition 1, eq. 2)
Tensor optimal_discriminator(const Tensor& log_p, const Tensor& log_q);

/// V(D, G) = E_p log D(x) + E_q log(1 - D(x)) of a D known by its logits at the nodes [n]   (eq. 1)
double value(const Densities& densities, const Tensor& logits);
/// C(G) = max_D V(D, G) = V(D*, G), -log 4 at its least   (eq. 4)
double criterion(const Densities& densities);
/// The same as -log 4 + KL(p || (p + q) / 2) + KL(q || (p + q) / 2)   (eq. 5)
double criterion_by_kl(const Densities& densities);
/// The same as -log 4 + 2 JSD(p || q)   (eq. 6)
double criterion_by_jsd(const Densities& densities);

/// KL(p || q) = E_p log(p / q); infinite where q vanishes and p does not.
double kl(const Densities& densities);
/// JSD(p || q) = KL(p || m) / 2 + KL(q || m) / 2, m = (p + q) / 2: in [0, ln 2] nats, which are [0,
/// 1] bits; ln 2 exactly where the supports are disjoint   (Lin 1991)
double jsd(const Densities& densities);

/// KL(p || q) from the log-densities at n samples of p: mean and standard error.
Estimate kl_estimate(const Tensor& log_p, const Tensor& log_q);
/// JSD(p || q) from the log-densities at n samples of p and at n of q.
Estimate jsd_estimate(const Tensor& log_p_at_p, const Tensor& log_q_at_p, const Tensor& log_p_at_q,
                      const Tensor& log_q_at_q);

/// mean |D - D*| under (p + q) / 2 of a D known by its probabilities at the nodes [n].
double discriminator_error(const Densities& densities, const Tensor& probabilities);

/// D* of the game with instance noise of standard deviation `sigma`, at x [n, d] -> f64 [n], from
/// samples of both players [N, d]. A generator's density is not known, so neither is D* of the
/// plain game. With noise added to both players' samples (Sonderby et al. 2017) both densities are
/// blurred, p * N(0, sigma^2 I), and of those, windows of just this width around samples are
/// unbiased estimates. x must not be the samples themselves.
Tensor noisy_optimal_discriminator(const Tensor& x, const Tensor& real, const Tensor& fake,
                                   double sigma);

}  // namespace eps::models::gan
