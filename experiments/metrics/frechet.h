#pragma once
// The Frechet (2-Wasserstein) distance of two normal distributions. Between features of our own
// classifier it ranks models, but it is not the FID of the literature.
// Source: Dowson & Landau 1982.
#include "tensor/tensor.h"

namespace eps::metrics {

/// The squared distance of N(m1, S1) and N(m2, S2), in f64, at least 0:
///     ||m1 - m2||^2 + tr(S1 + S2 - 2 (S1^1/2 S2 S1^1/2)^1/2)
/// Shapes: means [D]; covariances [D, D], symmetric and positive semi-definite.
double frechet_distance(const Tensor& mean1, const Tensor& covariance1, const Tensor& mean2,
                        const Tensor& covariance2);
/// The same for the normal distributions fitted to two sets. Chance adds to it, the more the fewer
/// points there are: compare at equal n, and with the floor.
/// Shapes: x [n, D], y [m, D]; n, m >= 2.
double frechet_distance(const Tensor& x, const Tensor& y);

}  // namespace eps::metrics
