#include "models/distributions/mixture.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/distributions/normal.h"
#include "tensor/create.h"

namespace eps::models {

GaussianMixture GaussianMixture::isotropic(const Tensor& means, double variance,
                                           const std::vector<double>& weights) {
    constexpr const char* op = "GaussianMixture";
    check(means.defined() && means.rank() == 2 && means.dtype() == f64, op,
          "needs means f64 [K, D]; got ", describe(means));
    check(variance > 0, op, "the variance must be positive; got ", variance);
    const std::int64_t K = means.size(0);
    check(weights.empty() || std::ssize(weights) == K, op, "needs a weight for each of ", K,
          " means; got ", weights.size());
    return {.logits = weights.empty() ? zeros({K}, {.dtype = f64})
                                      : log(tensor(weights, {K}, {.dtype = f64})),
            .mu = means,
            .log_var = Tensor(std::log(variance), {.dtype = f64})};
}

Tensor GaussianMixture::log_joint(const Tensor& x) const {
    const DiagonalNormal components{mu, log_var};
    return components.log_prob(unsqueeze(x, 1)) + log_softmax(logits, 0);
}

Tensor GaussianMixture::log_prob(const Tensor& x) const { return logsumexp(log_joint(x), {1}); }

Tensor GaussianMixture::score(const Tensor& x) const {
    const Tensor responsibility = softmax(log_joint(x), 1);                // p(k | x)  [B, K]
    const Tensor component_score = (mu - unsqueeze(x, 1)) / exp(log_var);  // [B, K, D]
    return sum(unsqueeze(responsibility, 2) * component_score, {1});
}

Tensor GaussianMixture::sample(std::int64_t count, Generator& generator) const {
    // The Gumbel-max trick: argmax_k (log w_k + Gumbel noise) is k with probability w_k.
    const Tensor u = rand({count, logits.size(0)}, logits.options(), generator);
    const Tensor k = argmax(log_softmax(logits, 0) - log(-log(u)), 1);
    const Tensor each_log_var = index_select(expand(log_var, mu.shape()), 0, k);
    return DiagonalNormal{index_select(mu, 0, k), each_log_var}.sample(generator);
}

}  // namespace eps::models
