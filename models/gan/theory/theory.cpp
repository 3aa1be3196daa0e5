#include "models/gan/theory/theory.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "models/distributions/parzen.h"
#include "tensor/create.h"

namespace eps::models::gan {
namespace {

constexpr double kLog2 = std::numbers::ln2, kLog4 = 2 * kLog2;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double softplus(double a) { return std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a))); }
// log p - log q; 0 where both vanish.
double log_ratio(double log_p, double log_q) { return log_p == log_q ? 0 : log_p - log_q; }

// Numbers at the nodes, checked to be as many as there are nodes.
std::vector<double> numbers_of(const Tensor& x, std::int64_t count, const char* what) {
    check(x.defined() && is_floating(x.dtype()) && x.numel() == count, "gan theory", what, ": got ",
          describe(x), "; expected ", count, " in f32 or f64");
    return x.to_vector();
}

std::int64_t nodes_of(const Densities& d) {
    check(d.weights.defined(), "gan theory", "the densities are undefined");
    return d.weights.numel();
}

// f(log p_i, log q_i) -> [n]
template <class F> Tensor at_nodes(const Densities& d, F&& f) {
    std::vector<double> log_p = numbers_of(d.log_p, nodes_of(d), "log p");
    const std::vector<double> log_q = numbers_of(d.log_q, nodes_of(d), "log q");
    std::transform(log_p.begin(), log_p.end(), log_q.begin(), log_p.begin(), f);
    return tensor(log_p, {nodes_of(d)}, {.dtype = f64});
}

// sum_i w_i f(i, log p_i, log q_i).
template <class F> double integral(const Densities& d, F&& f) {
    const std::int64_t count = nodes_of(d);
    const std::vector<double> w = d.weights.to_vector(),
                              log_p = numbers_of(d.log_p, count, "log p"),
                              log_q = numbers_of(d.log_q, count, "log q");
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * f(i, log_p[i], log_q[i]);
    return sum;
}

// p g with 0 for p = 0, whatever g.
double weighted(double log_p, double g) { return log_p == -kInfinity ? 0 : std::exp(log_p) * g; }

double log_mean(double log_p, double log_q) {  // log (p + q) / 2
    const double larger = std::max(log_p, log_q);
    return larger == -kInfinity ? larger
                                : larger + softplus(-std::abs(log_ratio(log_p, log_q))) - kLog2;
}

Tensor logarithms(const Tensor& probabilities, const char* what) {
    check(
        probabilities.defined() && probabilities.rank() == 1 && is_floating(probabilities.dtype()),
        "gan theory", what, ": got ", describe(probabilities),
        "; expected probabilities [n] in f32 or f64");
    std::vector<double> logs = probabilities.to_vector();
    for (double& p : logs) {
        check(p >= 0, "gan theory", what, ": got the probability ", p, "; expected none below 0");
        p = std::log(p);
    }
    return tensor(logs, probabilities.shape(), {.dtype = f64});
}

double sigmoid(double a) {
    return a < 0 ? std::exp(a) / (1 + std::exp(a)) : 1 / (1 + std::exp(-a));
}

}  // namespace

Densities on_atoms(const Tensor& p, const Tensor& q) {
    Densities d{logarithms(p, "p"), logarithms(q, "q"), {}};
    check(p.numel() == q.numel(), "gan theory", "got ", p.numel(), " atoms of p and ", q.numel(),
          " of q; expected the same");
    d.weights = ones_like(d.log_p);
    return d;
}

Densities on_line(const LogDensity& log_p, const LogDensity& log_q, double low, double high,
                  int nodes) {
    check(low < high && nodes >= 2, "gan theory", "got ", nodes, " nodes on [", low, ", ", high,
          "]; expected two or more on an interval");
    const Options doubles{.dtype = f64};
    const Tensor x = linspace(low, high, nodes, doubles);
    const auto at = [&](const LogDensity& f) {
        std::vector<double> values = x.to_vector();
        for (double& v : values) v = f(v);
        return tensor(values, x.shape(), doubles);
    };
    Densities d{at(log_p), at(log_q), full(x.shape(), (high - low) / (nodes - 1), doubles)};
    for (const int end : {0, nodes - 1}) d.weights.data<double>()[end] /= 2;
    return d;
}

Tensor optimal_discriminator(const Tensor& log_p, const Tensor& log_q) {
    check(log_p.defined() && is_floating(log_p.dtype()), "gan theory", "log p: got ",
          describe(log_p), "; expected f32 or f64");
    check(log_q.defined() && log_q.shape() == log_p.shape(), "gan theory", "log q: got ",
          describe(log_q), "; expected ", log_p.shape());
    const std::vector<double> q = numbers_of(log_q, log_p.numel(), "log q");
    std::vector<double> out = log_p.to_vector();
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = sigmoid(log_ratio(out[i], q[i]));
    Tensor d = empty(log_p.shape(), {.dtype = f64});
    std::copy(out.begin(), out.end(), d.data<double>());
    return d;
}

double value(const Densities& densities, const Tensor& logits) {
    const std::vector<double> a = numbers_of(logits, nodes_of(densities), "logits");
    return -integral(densities, [&](std::size_t i, double log_p, double log_q) {
        return weighted(log_p, softplus(-a[i])) + weighted(log_q, softplus(a[i]));
    });
}

double criterion(const Densities& densities) {
    return value(densities, at_nodes(densities, log_ratio));
}
double criterion_by_kl(const Densities& densities) {
    const Tensor log_m = at_nodes(densities, log_mean);
    return -kLog4 + kl({densities.log_p, log_m, densities.weights}) +
           kl({densities.log_q, log_m, densities.weights});
}
double criterion_by_jsd(const Densities& densities) { return -kLog4 + 2 * jsd(densities); }

double kl(const Densities& densities) {
    return integral(densities, [](std::size_t, double log_p, double log_q) {
        return weighted(log_p, log_ratio(log_p, log_q));
    });
}

// By log p / m = log 2 - softplus(log q - log p): symmetric to the last bit, 0 for equal densities,
// and log 2 where one vanishes.
double jsd(const Densities& densities) {
    return 0.5 * integral(densities, [](std::size_t, double log_p, double log_q) {
               const double r = log_ratio(log_p, log_q);
               return weighted(log_p, kLog2 - softplus(-r)) + weighted(log_q, kLog2 - softplus(r));
           });
}

Estimate kl_estimate(const Tensor& log_p, const Tensor& log_q) {
    check(log_p.defined(), "gan theory", "log p is undefined");
    std::vector<double> terms = numbers_of(log_p, log_p.numel(), "log p");
    const std::vector<double> q = numbers_of(log_q, log_p.numel(), "log q");
    for (std::size_t i = 0; i < terms.size(); ++i) terms[i] = log_ratio(terms[i], q[i]);
    Estimate estimate;
    estimate.add(tensor(terms, {log_p.numel()}, {.dtype = f64}));
    return estimate;
}

Estimate jsd_estimate(const Tensor& log_p_at_p, const Tensor& log_q_at_p, const Tensor& log_p_at_q,
                      const Tensor& log_q_at_q) {
    check(log_p_at_p.defined(), "gan theory", "log p is undefined");
    const std::int64_t count = log_p_at_p.numel();
    std::vector<double> terms = numbers_of(log_p_at_p, count, "log p at p");
    const std::vector<double> qp = numbers_of(log_q_at_p, count, "log q at p"),
                              pq = numbers_of(log_p_at_q, count, "log p at q"),
                              qq = numbers_of(log_q_at_q, count, "log q at q");
    for (std::size_t i = 0; i < terms.size(); ++i)
        terms[i] = kLog2 - 0.5 * (softplus(-log_ratio(terms[i], qp[i])) +
                                  softplus(log_ratio(pq[i], qq[i])));
    Estimate estimate;
    estimate.add(tensor(terms, {count}, {.dtype = f64}));
    return estimate;
}

double discriminator_error(const Densities& densities, const Tensor& probabilities) {
    const std::vector<double> D = numbers_of(probabilities, nodes_of(densities), "probabilities");
    return integral(densities, [&](std::size_t i, double log_p, double log_q) {
        return std::exp(log_mean(log_p, log_q)) * std::abs(D[i] - sigmoid(log_ratio(log_p, log_q)));
    });
}

Tensor noisy_optimal_discriminator(const Tensor& x, const Tensor& real, const Tensor& fake,
                                   double sigma) {
    return optimal_discriminator(parzen_log_density(x, real, sigma),
                                 parzen_log_density(x, fake, sigma));
}

}  // namespace eps::models::gan
