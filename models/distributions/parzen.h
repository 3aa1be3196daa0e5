#pragma once
// The Parzen window (kernel density) estimate of Goodfellow et al. 2014. It serves to reproduce
// their table; as a measure of quality it should be avoided (Theis et al. 2016).
#include <vector>

#include "tensor/tensor.h"

namespace eps::models {

/// log 1/N sum_j N(x_i; centres_j, sigma^2 I), in nats
/// Shapes: x [n, D], centres [N, D] -> f64 [n]
Tensor parzen_log_density(const Tensor& x, const Tensor& centres, double sigma);

/// The candidates for sigma in the paper's published code, logspace(-1, 0, 10).
std::vector<double> parzen_bandwidths();
/// The candidate with the highest mean log-density of `validation`.
double parzen_bandwidth(const Tensor& validation, const Tensor& centres,
                        const std::vector<double>& candidates = parzen_bandwidths());

struct Parzen {
    double log_density = 0, se = 0;  // in nats: mean over `test`, and its standard error
    double sigma = 0;
};
/// The protocol of 2014: windows around samples [N, D] (10 000 in the paper), sigma chosen on a
/// validation set (1000 examples), mean over the test set.
Parzen parzen(const Tensor& samples, const Tensor& validation, const Tensor& test);

}  // namespace eps::models
