#include "models/ddpm/algorithms.h"

#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "models/ddpm/objective.h"
#include "tensor/create.h"

namespace eps::models::ddpm {

Tensor algorithm1(const Schedule& schedule, const Denoiser& eps_theta, const Tensor& x0,
                  Generator& generator) {
    // 1: repeat
    // 2:   x_0 ~ q(x_0)
    const std::int64_t T = schedule.steps(), batch = x0.size(0);
    // 3:   t ~ Uniform({1, ..., T})
    const Tensor t = randint(1, T + 1, {batch}, {i64, x0.device()}, generator);
    // 4:   eps ~ N(0, I)
    const Tensor eps = randn(x0.shape(), x0.options(), generator);
    // 5:   Take gradient descent step on
    //        grad_theta || eps - eps_theta(sqrt(ab_t) x_0 + sqrt(1 - ab_t) eps, t) ||^2
    const Tensor xt = diffuse(schedule, x0, t, eps);
    return mean(simple_loss(predicted_noise(schedule, eps_theta, xt, t), eps));
    // 6: until converged
}

Tensor algorithm2(const Schedule& schedule, const Denoiser& eps_theta, const Tensor& xT,
                  Variance variance, SampleNoise& noise) {
    check(variance != Variance::learned, "algorithm2", "takes a fixed variance; got learned");
    NoGrad guard;
    const std::int64_t T = schedule.steps();
    // 1: x_T ~ N(0, I)
    Tensor x = xT;
    // 2: for t = T, ..., 1 do
    for (std::int64_t t = T; t >= 1; --t) {
        // 3:   z ~ N(0, I) if t > 1, else z = 0
        const Tensor z = t > 1 ? noise.normal_like(x) : zeros_like(x);
        // 4:   x_{t-1} = 1 / sqrt(a_t) (x_t - (1 - a_t) / sqrt(1 - ab_t) eps_theta(x_t, t))
        //                + sigma_t z
        const double sigma = std::sqrt(variance == Variance::beta ? schedule.beta(t)
                                                                  : schedule.posterior_variance(t));
        const Tensor time = full({x.size(0)}, static_cast<double>(t), {i64, x.device()});
        const Tensor eps = predicted_noise(schedule, eps_theta, x, time);
        x = ancestral_step(schedule, x, eps, t, sigma, z);
    }
    // 5: end for
    // 6: return x_0
    return x;
}

Tensor ancestral_step(const Schedule& schedule, const Tensor& xt, const Tensor& eps, std::int64_t t,
                      double sigma, const Tensor& z) {
    const double alpha = schedule.alpha(t), sigma_t = std::sqrt(schedule.noise_variance(t));
    return (xt - eps * (schedule.beta(t) / sigma_t)) * (1 / std::sqrt(alpha)) + z * sigma;
}

}  // namespace eps::models::ddpm
