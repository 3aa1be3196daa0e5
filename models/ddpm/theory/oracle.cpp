#include "models/ddpm/theory/oracle.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"

namespace eps::models::ddpm {

GaussianMixture diffused(const GaussianMixture& data, const Tensor& alpha_bar) {
    const Tensor signal = alpha_bar.rank() ? unsqueeze(alpha_bar, 2) : alpha_bar;  // [B, 1, 1]
    return {.logits = data.logits,
            .mu = sqrt(signal) * data.mu,
            .log_var = log(signal * exp(data.log_var) + (1.0 - signal))};
}

Denoiser oracle(const GaussianMixture& data, const Schedule& schedule) {
    return Denoiser([data, schedule](const Tensor& x, const Tensor& t) {
        const Coefficients c = schedule.at(t, x);
        const Tensor score = diffused(data, c.alpha_bar).score(to(x, f64));
        return to(score * -sqrt(c.noise_variance), x.dtype());
    });
}

}  // namespace eps::models::ddpm
