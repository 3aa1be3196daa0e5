#pragma once
// What a GAN does without: a restricted Boltzmann machine, small enough that its partition function
// can be summed and the mixing of its Gibbs chain computed. Goodfellow et al. 2014, section 2,
// names both as what keeps undirected models small.
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::gan {

/// p(v, h) = exp(v^T W h + b^T v + c^T h) / Z, v in {0, 1}^n, h in {0, 1}^m. f64.
struct Rbm {
    Tensor W;  // [n, m]
    Tensor b;  // [n]
    Tensor c;  // [m]

    /// Every v, 2^n of them, one a row -> [2^n, n]: the cost of all that is exact here. Throws for
    /// n > 16.
    Tensor states() const;
    /// log sum_h exp(...) at v [N, n] -> [N].
    Tensor log_unnormalised(const Tensor& v) const;
    /// log Z, over all states.
    double log_partition() const;
    /// p(v) in the order of states() -> [2^n].
    Tensor probabilities() const;

    /// `sweeps` times h ~ p(h | v), v ~ p(v | h), each row of v [N, n] a chain of its own.
    Tensor gibbs(const Tensor& v, std::int64_t sweeps, Generator& generator) const;
    /// p(v' | v) of one sweep, in the order of states() -> [2^n, 2^n], rows sum to 1. Also sums
    /// over all h: throws for n + m > 16.
    Tensor transition() const;
    /// Sweeps until what a chain remembers of its start has fallen to 1/e: -1 / log l, l the
    /// transition's second largest eigenvalue.
    double relaxation_time() const;
};

}  // namespace eps::models::gan
