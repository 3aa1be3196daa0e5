#pragma once
// The Frechet (2-Wasserstein) distance of two normal laws   (Dowson & Landau 1982), of features of
// a classifier: relative only, and no FID.
#include "tensor/tensor.h"

namespace eps::metrics {

/// ||m1 - m2||^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2): means [D], covariances [D, D], symmetric
/// and positive semi-definite. In f64, not below 0.
double frechet_distance(const Tensor& mean1, const Tensor& covariance1, const Tensor& mean2,
                        const Tensor& covariance2);
/// The same of the normal laws fitted to x [n, D] and y [m, D], n, m >= 2. Chance adds to it, the
/// more the fewer points there are: compare at equal n, beside a floor.
double frechet_distance(const Tensor& x, const Tensor& y);

}  // namespace eps::metrics
