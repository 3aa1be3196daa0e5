#pragma once
// The variational bound of a model over many examples, by one draw of x_t for a few examples at
// each step. variational_bound (models/ddpm/likelihood.h) evaluates the network T times for every
// example, which is more than the mean needs.
#include <vector>

#include "experiments/ddpm/evaluation_model.h"
#include "models/distributions/estimate.h"
#include "models/minibatch.h"

namespace eps::models::ddpm {

/// Means over examples, nats a sample, each with its standard error.
struct BoundEstimate {
    struct Term {
        double mean = 0, se = 0;
    };
    Term l_T, l_mid, l_0;  // l_mid: the sum over t = 2 .. T of L_{t-1}
    Term total() const;
};
/// Estimates l_T and l_0 from all N examples, and every L_{t-1} from N / (T - 1) of them, one at
/// least, taken in turn. The errors of the L_{t-1} are added as those of independent means, which
/// they are if no example comes twice.
BoundEstimate estimate_bound(EvaluationModel& model, const Minibatch& examples,
                             Generator& generator);

/// The mean of L_simple over the examples, at each of these t.
std::vector<double> loss_by_time(EvaluationModel& model, const Minibatch& examples,
                                 const std::vector<std::int64_t>& times, Generator& generator);

}  // namespace eps::models::ddpm
