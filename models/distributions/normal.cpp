#include "models/distributions/normal.h"

#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "models/per_sample.h"
#include "nn/loss.h"
#include "tensor/create.h"

namespace eps::models {
namespace {

const double kLog2Pi = std::log(2 * std::numbers::pi);

}  // namespace

Tensor DiagonalNormal::sample(Generator& generator) const {
    return sample_with(randn(mu.shape(), mu.options(), generator));
}
Tensor DiagonalNormal::sample_with(const Tensor& noise) const {
    return reparameterise(mu, log_var, noise);
}
Tensor DiagonalNormal::log_prob(const Tensor& z) const {
    return sum(normal_log_prob(z, mu, log_var), {-1});
}
Tensor DiagonalNormal::entropy() const { return sum(log_var + (1 + kLog2Pi), {-1}) * 0.5; }

Tensor kl(const DiagonalNormal& q, const DiagonalNormal& p) {
    return sum(nn::kl_normal(q.mu, q.log_var, p.mu, p.log_var), {-1});
}
Tensor kl_to_standard_normal(const DiagonalNormal& q) {
    return sum(kl_standard_normal(q.mu, q.log_var), {-1});
}
Tensor standard_normal_log_prob(const Tensor& z) {
    const Tensor zero = zeros({}, z.options());
    return DiagonalNormal{zero, zero}.log_prob(z);
}

Normal Normal::standard(const Tensor& x) {
    return {.mean = zeros({}, x.options()), .variance = ones({}, x.options())};
}
Tensor Normal::sample(Generator& generator) const {
    return mean + sqrt(variance) * randn(mean.shape(), mean.options(), generator);
}
Tensor Normal::log_prob(const Tensor& x) const {
    return sum_per_sample(normal_log_prob(x, mean, log(variance)));
}
Tensor Normal::entropy() const {
    return 0.5 * sum_per_sample(expand(1 + kLog2Pi + log(variance), mean.shape()));
}

Tensor kl(const Normal& q, const Normal& p) {
    const Tensor ratio = q.variance / p.variance;
    return 0.5 * sum_per_sample((ratio - 1.0) - log(ratio) + square(q.mean - p.mean) / p.variance);
}

}  // namespace eps::models
