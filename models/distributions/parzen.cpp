#include "models/distributions/parzen.h"

#include <cmath>
#include <numbers>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/reduce.h"
#include "models/distributions/estimate.h"
#include "models/distributions/pairwise_distances.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "parzen";

// Log-densities f64 [n] for each sigma. The distances, which cost most, are computed once.
std::vector<Tensor> log_densities(const Tensor& x, const Tensor& centres,
                                  const std::vector<double>& sigmas) {
    check_points(x, centres, kOp);
    for (const double sigma : sigmas) check(sigma > 0, kOp, "sigma must be positive; got ", sigma);
    NoGrad guard;
    std::vector<std::vector<Tensor>> parts(sigmas.size());
    for_distances(x, centres, [&](std::int64_t, const Tensor& squared) {
        for (std::size_t s = 0; s < sigmas.size(); ++s)
            parts[s].push_back(
                to(logsumexp(squared * (-1 / (2 * sigmas[s] * sigmas[s])), {1}), f64));
    });
    std::vector<Tensor> densities;
    const auto count = static_cast<double>(centres.size(0)), dim = static_cast<double>(x.size(1));
    for (std::size_t s = 0; s < sigmas.size(); ++s)
        densities.push_back(
            concat(parts[s]) -
            (std::log(count) + dim / 2 * std::log(2 * std::numbers::pi * sigmas[s] * sigmas[s])));
    return densities;
}

}  // namespace

Tensor parzen_log_density(const Tensor& x, const Tensor& centres, double sigma) {
    return log_densities(x, centres, {sigma})[0];
}

std::vector<double> parzen_bandwidths() {
    std::vector<double> sigmas;
    for (int i = 0; i < 10; ++i) sigmas.push_back(std::pow(10, -1 + i / 9.0));
    return sigmas;
}

double parzen_bandwidth(const Tensor& validation, const Tensor& centres,
                        const std::vector<double>& candidates) {
    check(!candidates.empty(), kOp, "no sigma to choose from");
    const std::vector<Tensor> densities = log_densities(validation, centres, candidates);
    std::size_t best = 0;
    for (std::size_t s = 1; s < candidates.size(); ++s)
        if (mean(densities[s]).item() > mean(densities[best]).item()) best = s;
    return candidates[best];
}

Parzen parzen(const Tensor& samples, const Tensor& validation, const Tensor& test) {
    const double sigma = parzen_bandwidth(validation, samples);
    Estimate estimate;
    estimate.add(parzen_log_density(test, samples, sigma));
    return {estimate.mean(), estimate.standard_error(), sigma};
}

}  // namespace eps::models
