#pragma once
// A restricted Boltzmann machine, so small that its partition function can be summed and the mixing
// time of its Gibbs chain computed. These two costs keep undirected models small, and a GAN has
// neither (Goodfellow et al. 2014, section 2).
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// p(v, h) = exp(v^T W h + b^T v + c^T h) / Z, v in {0, 1}^n, h in {0, 1}^m. f64.
struct Rbm {
    Tensor W;  // [n, m]
    Tensor b;  // [n]
    Tensor c;  // [m]

    /// All 2^n states v, one in each row -> [2^n, n]. Every exact result here costs as much.
    /// Throws: for n > 16.
    Tensor states() const;
    /// log sum_h exp(v^T W h + b^T v + c^T h): v [N, n] -> [N]
    Tensor log_unnormalised(const Tensor& v) const;
    /// log Z, by summing over all states.
    double log_partition() const;
    /// p(v) in the order of states() -> [2^n]
    Tensor probabilities() const;

    /// N independent chains from v [N, n]: `sweeps` times h ~ p(h | v), then v ~ p(v | h).
    Tensor gibbs(const Tensor& v, std::int64_t sweeps, Generator& generator) const;
    /// p(v' | v) for one sweep, in the order of states() -> [2^n, 2^n]; rows sum to 1.
    /// Throws: for n + m > 16, since it sums over all h, too.
    Tensor transition() const;
    /// The number of sweeps in which the dependence on the start falls to 1/e: -1 / log l, l the
    /// second largest eigenvalue of transition().
    double relaxation_time() const;
};

}  // namespace eps::models::gan
