#include "models/vae/objective.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/create.h"

namespace eps::models::vae {

Tensor DiagonalNormal::sample(Generator& generator) const {
    return sample_with(randn(mu.shape(), mu.options(), generator));
}
Tensor DiagonalNormal::sample_with(const Tensor& noise) const {
    return reparameterise(mu, log_var, noise);
}
Tensor DiagonalNormal::log_prob(const Tensor& z) const {
    return sum(normal_log_prob(z, mu, log_var), {-1});
}

Tensor standard_normal_log_prob(const Tensor& z) {
    const Tensor zero = zeros({}, z.options());
    return sum(normal_log_prob(z, zero, zero), {-1});
}

Tensor kl_to_standard_normal(const DiagonalNormal& q) {
    return sum(kl_standard_normal(q.mu, q.log_var), {-1});
}

Tensor bernoulli_log_prob(const Tensor& x, const Tensor& logits) {
    return -sum(bce_with_logits(logits, x), {-1});
}

Tensor gaussian_log_prob(const Tensor& x, const Tensor& mu, const Tensor& log_var) {
    return sum(normal_log_prob(x, mu, log_var), {-1});
}

Elbo elbo(const Tensor& log_likelihood, const Tensor& kl, double beta) {
    return {log_likelihood - beta * kl, log_likelihood, kl};
}

Tensor iwae_bound(const Tensor& log_weights) {
    return logsumexp(log_weights, {0}) - std::log(static_cast<double>(log_weights.size(0)));
}

}  // namespace eps::models::vae
