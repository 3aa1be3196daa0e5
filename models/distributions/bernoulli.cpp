#include "models/distributions/bernoulli.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"

namespace eps::models {

Tensor Bernoulli::mean() const { return sigmoid(logits); }
Tensor Bernoulli::sample(Generator& generator) const { return bernoulli(mean(), generator); }
Tensor Bernoulli::log_prob(const Tensor& x) const { return -sum(bce_with_logits(logits, x), {-1}); }
Tensor Bernoulli::entropy() const { return -log_prob(mean()); }

Tensor kl(const Bernoulli& q, const Bernoulli& p) {
    return q.log_prob(q.mean()) - p.log_prob(q.mean());
}

}  // namespace eps::models
