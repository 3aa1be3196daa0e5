#include "models/gan/theory/optimal_discriminator.h"

#include "models/distributions/parzen.h"
#include "models/gan/theory/at_nodes.h"

namespace eps::models::gan {
namespace {

using namespace detail;

double sigmoid(double a) {
    return a < 0 ? std::exp(a) / (1 + std::exp(a)) : 1 / (1 + std::exp(-a));
}

}  // namespace

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
