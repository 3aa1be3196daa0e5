#pragma once
// The Parzen window estimate of Goodfellow et al. 2014. Kept for its table: as a measure it should
// be avoided   (Theis et al. 2016).
#include <vector>

#include "tensor/tensor.h"

namespace eps::models {

/// log 1/N sum_j N(x_i; centres_j, sigma^2 I) of each x [n, D], nats, centres [N, D] -> f64 [n]
Tensor parzen_log_density(const Tensor& x, const Tensor& centres, double sigma);

/// sigma of goodfeli/adversarial: logspace(-1, 0, 10).
std::vector<double> parzen_bandwidths();
/// The one under which `validation` has the highest mean log density.
double parzen_bandwidth(const Tensor& validation, const Tensor& centres,
                        const std::vector<double>& candidates = parzen_bandwidths());

struct Parzen {
    double log_density = 0, se = 0;  // nats: mean over `test` and its error over examples
    double sigma = 0;
};
/// The 2014 protocol: windows around samples [N, D], 10 000 of them, sigma by the first 1000 of a
/// validation set, the mean over the test set.
Parzen parzen(const Tensor& samples, const Tensor& validation, const Tensor& test);

}  // namespace eps::models
