#include "experiments/data/planar_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "tensor/create.h"

namespace eps::data {
namespace {

// Terms below e^-60 of the largest do not change the last digit of the sum.
constexpr double kNegligible = -60;

// Gauss-Legendre quadrature with five nodes on [-1, 1].
struct Node {
    double at, weight;
};
constexpr Node kGaussLegendre[] = {{-0.9061798459386640, 0.2369268850561891},
                                   {-0.5384693101056831, 0.4786286704993665},
                                   {0.0, 0.5688888888888889},
                                   {0.5384693101056831, 0.4786286704993665},
                                   {0.9061798459386640, 0.2369268850561891}};

}  // namespace

double PlanarMixture::log_density(Point at) const {
    const auto square = [&](Point c) {
        return (at.x - c.x) * (at.x - c.x) + (at.y - c.y) * (at.y - c.y);
    };
    double nearest = std::numeric_limits<double>::infinity();
    for (const Point& c : centres) nearest = std::min(nearest, square(c));
    double sum = 0, total = 0;
    for (std::size_t k = 0; k < centres.size(); ++k) {
        const double weight = weights.empty() ? 1 : weights[k];
        const double exponent = (nearest - square(centres[k])) / (2 * sigma * sigma);
        if (exponent > kNegligible) sum += weight * std::exp(exponent);
        total += weight;
    }
    return std::log(sum / total) - nearest / (2 * sigma * sigma) -
           std::log(2 * std::numbers::pi * sigma * sigma);
}

Tensor PlanarMixture::log_density(const Tensor& x) const {
    const std::vector<Point> points = rows_of(x, "log_density");
    Tensor out = empty({static_cast<std::int64_t>(points.size())}, {.dtype = f64});
    std::transform(points.begin(), points.end(), out.data<double>(),
                   [&](Point p) { return log_density(p); });
    return out;
}

std::vector<Point> rows_of(const Tensor& x, const char* op) {
    check(x.defined() && is_floating(x.dtype()) && x.rank() == 2 && x.size(1) == 2, op,
          "needs points in the plane; got ", describe(x), "; expected f32 or f64 [n, 2]");
    const std::vector<double> values = x.to_vector();
    std::vector<Point> points(values.size() / 2);
    for (std::size_t i = 0; i < points.size(); ++i) points[i] = {values[2 * i], values[2 * i + 1]};
    return points;
}

PlanarMixture along_curve(const std::function<Point(double)>& c,
                          const std::function<double(double)>& density, double length, int panels,
                          double sigma) {
    PlanarMixture mixture{.centres = {}, .sigma = sigma, .weights = {}};
    const double half = length / (2 * panels);
    for (int panel = 0; panel < panels; ++panel)
        for (const Node& node : kGaussLegendre) {
            const double t = half * (2 * panel + 1 + node.at);
            mixture.centres.push_back(c(t));
            mixture.weights.push_back(node.weight * half * density(t));
        }
    return mixture;
}

}  // namespace eps::data
