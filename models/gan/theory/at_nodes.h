#pragma once
// Sums over the nodes of two densities, where either may vanish.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "models/gan/theory/divergences.h"
#include "tensor/create.h"

namespace eps::models::gan::detail {

constexpr double kLog2 = std::numbers::ln2, kLog4 = 2 * kLog2;

inline double softplus(double a) { return std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a))); }
/// log p - log q; 0 where both vanish.
inline double log_ratio(double log_p, double log_q) { return log_p == log_q ? 0 : log_p - log_q; }
/// log (p + q) / 2
inline double log_mean(double log_p, double log_q) {
    const double larger = std::max(log_p, log_q);
    if (larger == -std::numeric_limits<double>::infinity()) return larger;
    return larger + softplus(-std::abs(log_ratio(log_p, log_q))) - kLog2;
}
/// p g, which is 0 for p = 0 even if g is infinite.
inline double weighted(double log_p, double g) {
    return log_p == -std::numeric_limits<double>::infinity() ? 0 : std::exp(log_p) * g;
}

/// The values of x.
/// Throws: unless there are `count`, in f32 or f64.
inline std::vector<double> numbers_of(const Tensor& x, std::int64_t count, const char* what) {
    check(x.defined() && is_floating(x.dtype()) && x.numel() == count, "gan theory", what, ": got ",
          describe(x), "; expected ", count, " in f32 or f64");
    return x.to_vector();
}

inline std::int64_t nodes_of(const Densities& d) {
    check(d.weights.defined(), "gan theory", "the densities are undefined");
    return d.weights.numel();
}

/// f(log p_i, log q_i) -> [n]
template <class F> Tensor at_nodes(const Densities& d, F&& f) {
    std::vector<double> log_p = numbers_of(d.log_p, nodes_of(d), "log p");
    const std::vector<double> log_q = numbers_of(d.log_q, nodes_of(d), "log q");
    std::transform(log_p.begin(), log_p.end(), log_q.begin(), log_p.begin(), f);
    return tensor(log_p, {nodes_of(d)}, {.dtype = f64});
}

/// sum_i w_i f(i, log p_i, log q_i)
template <class F> double integral(const Densities& d, F&& f) {
    const std::int64_t count = nodes_of(d);
    const std::vector<double> w = d.weights.to_vector();
    const std::vector<double> log_p = numbers_of(d.log_p, count, "log p");
    const std::vector<double> log_q = numbers_of(d.log_q, count, "log q");
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * f(i, log_p[i], log_q[i]);
    return sum;
}

}  // namespace eps::models::gan::detail
