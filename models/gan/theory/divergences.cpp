#include "models/gan/theory/divergences.h"

#include "models/gan/theory/at_nodes.h"

namespace eps::models::gan {
namespace {

using namespace detail;

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

Estimate estimate_of(const std::vector<double>& terms) {
    Estimate estimate;
    estimate.add(tensor(terms, {std::ssize(terms)}, {.dtype = f64}));
    return estimate;
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
    return estimate_of(terms);
}

Estimate jsd_estimate(const Tensor& log_p_at_p, const Tensor& log_q_at_p, const Tensor& log_p_at_q,
                      const Tensor& log_q_at_q) {
    check(log_p_at_p.defined(), "gan theory", "log p is undefined");
    const std::int64_t count = log_p_at_p.numel();
    std::vector<double> terms = numbers_of(log_p_at_p, count, "log p at p");
    const std::vector<double> qp = numbers_of(log_q_at_p, count, "log q at p");
    const std::vector<double> pq = numbers_of(log_p_at_q, count, "log p at q");
    const std::vector<double> qq = numbers_of(log_q_at_q, count, "log q at q");
    for (std::size_t i = 0; i < terms.size(); ++i)
        terms[i] = kLog2 - 0.5 * (softplus(-log_ratio(terms[i], qp[i])) +
                                  softplus(log_ratio(pq[i], qq[i])));
    return estimate_of(terms);
}

}  // namespace eps::models::gan
