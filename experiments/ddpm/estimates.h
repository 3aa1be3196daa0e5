#pragma once
// The bound of a trained model over many examples, by one draw of x_t for each of a few examples a
// step: T evaluations of the network for every example, which variational_bound (likelihood.h)
// takes, are more than its mean needs.
#include <vector>

#include "experiments/ddpm/trained.h"
#include "models/distributions/estimate.h"

namespace eps::models::ddpm {

/// Means over examples, nats a sample, each with its standard error.
struct BoundEstimate {
    struct Term {
        double mean = 0, se = 0;
    };
    Term l_T, l_mid, l_0;  // l_mid: the sum over t = 2 .. T of L_{t-1}
    Term total() const;
};
/// l_T and l_0 over all examples. Every L_{t-1} over N / (T - 1) of them, one at least, taken in
/// turn; their errors are added as those of independent means, which they are where no example
/// comes twice.
BoundEstimate estimate_bound(Trained& model, const Minibatch& examples, Generator& generator);

/// The mean of L_simple over the examples at each of these t.
std::vector<double> loss_by_time(Trained& model, const Minibatch& examples,
                                 const std::vector<std::int64_t>& times, Generator& generator);

}  // namespace eps::models::ddpm
