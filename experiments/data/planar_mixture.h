#pragma once
// Exact log-densities of the toys: Gaussian mixtures with equal widths, and curves with Gaussian
// noise around them.
#include <vector>

#include "tensor/tensor.h"

namespace eps::data {

struct Point {
    double x = 0, y = 0;
};

/// sum_k weights[k] N(centres[k], sigma^2 I) in the plane. Equal weights if none are given; they
/// are normalised to sum to 1.
struct PlanarMixture {
    std::vector<Point> centres;
    double sigma = 1;
    std::vector<double> weights;

    /// log p at one point, by log-sum-exp.
    double log_density(Point at) const;
    /// x f32 or f64 [n, 2] -> f64 [n].
    Tensor log_density(const Tensor& x) const;
};

/// x f32 or f64 [n, 2] -> its rows; throws, naming `op`, on another shape.
std::vector<Point> rows_of(const Tensor& x, const char* op);

/// The law of c(t) + sigma * noise, t in [0, length] with density `density(t)`, as a mixture:
/// Gauss-Legendre quadrature with five nodes on each of `panels` panels. If the curve moves at most
/// sigma/2 within a panel, log p is right to about 1e-9.
template <class Curve, class Density>
PlanarMixture along_curve(Curve&& c, Density&& density, double length, int panels, double sigma);

// -- implementation
// ---------------------------------------------------------------------------------------------

namespace detail {
struct Node {
    double at, weight;  // on [-1, 1]
};
inline constexpr Node kGaussLegendre[] = {{-0.9061798459386640, 0.2369268850561891},
                                          {-0.5384693101056831, 0.4786286704993665},
                                          {0.0, 0.5688888888888889},
                                          {0.5384693101056831, 0.4786286704993665},
                                          {0.9061798459386640, 0.2369268850561891}};
}  // namespace detail

template <class Curve, class Density>
PlanarMixture along_curve(Curve&& c, Density&& density, double length, int panels, double sigma) {
    PlanarMixture mixture{.centres = {}, .sigma = sigma, .weights = {}};
    const double half = length / (2 * panels);
    for (int panel = 0; panel < panels; ++panel)
        for (const detail::Node& node : detail::kGaussLegendre) {
            const double t = half * (2 * panel + 1 + node.at);
            mixture.centres.push_back(c(t));
            mixture.weights.push_back(node.weight * half * density(t));
        }
    return mixture;
}

}  // namespace eps::data
