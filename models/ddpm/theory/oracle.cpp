#include "models/ddpm/theory/oracle.h"

#include <cmath>
#include <numbers>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/indexing/search.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "tensor/create.h"

namespace eps::models::ddpm {

Tensor GaussianMixture::log_weights() const {
    check(means.defined() && means.rank() == 2 && means.dtype() == f64, "GaussianMixture",
          "needs means f64 [K, D]; got ", describe(means));
    check(variance > 0, "GaussianMixture", "the variance must be positive; got ", variance);
    const std::int64_t count = means.size(0);
    if (weights.empty())
        return full({count}, -std::log(static_cast<double>(count)), {.dtype = f64});
    check(static_cast<std::int64_t>(weights.size()) == count, "GaussianMixture",
          "needs a weight for each of ", count, " means; got ", weights.size());
    const Tensor w = tensor(weights, {count}, {.dtype = f64});
    return log(w / sum(w));
}

Tensor GaussianMixture::log_terms(const Tensor& x, const Tensor& alpha_bar) const {
    check(x.defined() && x.rank() == 2 && x.size(1) == means.size(1), "GaussianMixture",
          "needs x [B, ", means.size(1), "]; got ", describe(x));
    // [B, 1] or []
    const Tensor spread = alpha_bar * variance + (1.0 - alpha_bar), signal = sqrt(alpha_bar);
    // [B, K, D]
    const Tensor away =
        unsqueeze(to(x, f64), 1) - (signal.rank() ? unsqueeze(signal, 2) : signal) * means;
    const double dimensions = static_cast<double>(x.size(1));
    return log_weights() - 0.5 * (sum(square(away), {2}) / spread +
                                  dimensions * log(2 * std::numbers::pi * spread));
}

Tensor GaussianMixture::log_density(const Tensor& x, double alpha_bar) const {
    return logsumexp(log_terms(x, Tensor(alpha_bar, {.dtype = f64})), {1});
}

Tensor GaussianMixture::score(const Tensor& x, const Tensor& alpha_bar) const {
    // of the mean that x belongs to
    const Tensor expected = matmul(softmax(log_terms(x, alpha_bar), 1), means);
    return to(
        (sqrt(alpha_bar) * expected - to(x, f64)) / (alpha_bar * variance + (1.0 - alpha_bar)),
        x.dtype());
}

Tensor GaussianMixture::sample(std::int64_t count, Generator& generator) const {
    NoGrad guard;
    const Tensor heights = cumsum(exp(log_weights()), 0),
                 u = rand({count}, {.dtype = f64}, generator) * heights.to_vector().back();
    const Tensor which = clamp(searchsorted(heights, u, true),
                               {.lo = 0, .hi = static_cast<double>(means.size(0) - 1)});
    return index_select(means, 0, which) +
           randn({count, means.size(1)}, {.dtype = f64}, generator) * std::sqrt(variance);
}

Denoiser oracle(const GaussianMixture& mixture, const Schedule& schedule) {
    return Denoiser([mixture, schedule](const Tensor& x, const Tensor& t) {
        const Tensor alpha_bar = schedule.at(t, x).alpha_bar;
        return mixture.score(x, alpha_bar) * to(-sqrt(1.0 - alpha_bar), x.dtype());
    });
}

}  // namespace eps::models::ddpm
