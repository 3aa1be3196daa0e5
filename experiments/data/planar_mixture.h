#pragma once
// The exact log-densities of toys: Gaussian mixtures with one width, and curves with Gaussian
// noise.
#include <functional>
#include <vector>

#include "tensor/tensor.h"

namespace eps::data {

struct Point {
    double x = 0, y = 0;
};

/// sum_k weights[k] N(centres[k], sigma^2 I) in the plane. Weights are normalised to sum to 1;
/// without weights all are equal.
struct PlanarMixture {
    std::vector<Point> centres;
    double sigma = 1;
    std::vector<double> weights;

    /// log p at one point, by log-sum-exp.
    double log_density(Point at) const;
    /// Shapes: x f32 or f64 [n, 2] -> f64 [n].
    Tensor log_density(const Tensor& x) const;
};

/// The rows of x f32 or f64 [n, 2]. Throws, naming `op`, on another shape.
std::vector<Point> rows_of(const Tensor& x, const char* op);

/// The distribution of c(t) + sigma * noise, where t in [0, length] has the density `density(t)`,
/// as a mixture: Gauss-Legendre quadrature with five nodes on each of `panels` panels. If the curve
/// moves at most sigma / 2 within a panel, the error of log p is about 1e-9.
PlanarMixture along_curve(const std::function<Point(double t)>& c,
                          const std::function<double(double t)>& density, double length, int panels,
                          double sigma);

}  // namespace eps::data
