#include "models/vae/objective.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"

namespace eps::models::vae {

Elbo elbo(const Tensor& log_likelihood, const Tensor& kl, double beta) {
    return {.elbo = log_likelihood - beta * kl, .log_likelihood = log_likelihood, .kl = kl};
}

Tensor iwae_bound(const Tensor& log_weights) {
    return logsumexp(log_weights, {0}) - std::log(static_cast<double>(log_weights.size(0)));
}

}  // namespace eps::models::vae
