#pragma once
// Kullback-Leibler and Jensen-Shannon divergences of two known densities, by sums over nodes or
// from samples: the quantities that sections 4.1 and 4.2 of Goodfellow et al. 2014 reason about. In
// nats and f64. p is the density of the data, q that of the samples (p_g in the paper).
#include <functional>

#include "models/distributions/estimate.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// Two densities at n nodes x_i: log p and log q (-inf where a density vanishes), and weights with
/// sum_i w_i p(x_i) f(x_i) = E_p f. f64 [n] each.
struct Densities {
    Tensor log_p, log_q, weights;
};
/// Distributions on n atoms, from their probabilities [n].
/// Throws: on a negative probability, on different n.
Densities on_atoms(const Tensor& p, const Tensor& q);
/// Densities on [low, high] by the trapezoid rule. For smooth densities that vanish at both ends
/// its error falls faster than any power of the spacing.
using LogDensity = std::function<double(double x)>;
Densities on_line(const LogDensity& log_p, const LogDensity& log_q, double low, double high,
                  int nodes = 4001);

/// KL(p || q) = E_p log(p / q); infinite where q vanishes and p does not.
double kl(const Densities& densities);
/// JSD(p || q) = KL(p || m) / 2 + KL(q || m) / 2, m = (p + q) / 2. It lies in [0, ln 2] nats, that
/// is [0, 1] bits, and is exactly ln 2 for disjoint supports.
/// Source: Lin 1991.
double jsd(const Densities& densities);

/// KL(p || q) from both log-densities at n samples of p: mean and standard error.
Estimate kl_estimate(const Tensor& log_p, const Tensor& log_q);
/// JSD(p || q) from both log-densities at n samples of p and at n samples of q.
Estimate jsd_estimate(const Tensor& log_p_at_p, const Tensor& log_q_at_p, const Tensor& log_p_at_q,
                      const Tensor& log_q_at_q);

}  // namespace eps::models::gan
