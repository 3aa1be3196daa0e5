// G2 and E8: G pushes the noise prior p_z forward to p_g; training moves p_g and leaves p_z alone.
#include <algorithm>
#include <functional>
#include <span>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/gan/algorithm1.h"
#include "nn/layers/activation.h"
#include "nn/layers/linear.h"
#include "nn/sequential.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace nn_test;

namespace {

constexpr std::int64_t kSamples = 200'000;

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// p of the Kolmogorov-Smirnov statistic of a sample against a distribution function (asymptotic).
double ks_p(std::vector<double> sample, const std::function<double(double)>& cdf) {
    std::sort(sample.begin(), sample.end());
    const auto n = static_cast<double>(sample.size());
    double d = 0;
    for (std::size_t i = 0; i < sample.size(); ++i) {
        const double f = cdf(sample[i]), rank = static_cast<double>(i);
        d = std::max({d, f - rank / n, (rank + 1) / n - f});
    }
    double p = 0;
    for (int k = 1; k <= 100; ++k) p += (k % 2 ? 2 : -2) * std::exp(-2.0 * k * k * n * d * d);
    return n * d * d < 0.04 ? 1 : p;  // the series has not converged there, and p is 1 to 12 digits
}

// Is the mean of these values the expectation, to 4 standard errors?
bool agrees(const Tensor& values, double expectation) {
    return std::abs(mean(values).item() - expectation) <
           4 * stddev(values).item() / std::sqrt(static_cast<double>(values.numel()));
}

// E h(x), x in (-1, 1) of density p, by the midpoint rule.
double quadrature(const std::function<double(double)>& h, const std::function<double(double)>& p) {
    constexpr int n = 200'000;
    double total = 0;
    for (int i = 0; i < n; ++i) {
        const double x = -1 + (i + 0.5) * 2 / n;
        total += h(x) * p(x) * 2 / n;
    }
    return total;
}

}  // namespace

TEST_CASE("G2: expectations under p_g are those of h(G(z)), for an affine G") {
    NoGrad guard;
    nn::Linear g(2, 2, {.dtype = f64});
    g.weight.copy_(f64s({1.2, -0.4, 0.3, 0.7}, {2, 2}));
    g.bias.copy_(f64s({0.5, -1}, {2}));
    Generator generator(1);
    const Tensor x = g(randn({kSamples, 2}, {.dtype = f64}, generator));  // N(b, A A^T)
    // E |x|^2 = |b|^2 + |A|^2, E cos(t x) = cos(t b) exp(-|A^T t|^2 / 2)
    CHECK(agrees(sum(square(x), {1}), 1.25 + 1.44 + 0.16 + 0.09 + 0.49));
    const double t0 = 0.8, t1 = -0.6, u0 = 1.2 * t0 + 0.3 * t1, u1 = -0.4 * t0 + 0.7 * t1;
    CHECK(agrees(cos(select(x, 1, 0) * t0 + select(x, 1, 1) * t1),
                 std::cos(0.5 * t0 - t1) * std::exp(-(u0 * u0 + u1 * u1) / 2)));
    const double deviation = std::sqrt(1.44 + 0.16);
    const auto first = select(x, 1, 0).to_vector();
    CHECK(ks_p(first, [&](double v) { return normal_cdf((v - 0.5) / deviation); }) > 1e-3);
    // the test can tell
    CHECK(ks_p(first, [&](double v) { return normal_cdf((v - 0.52) / deviation); }) < 1e-3);
}

TEST_CASE("G2: and for G = tanh, whose density is that of the prior over the slope") {
    NoGrad guard;
    nn::Sequential g;
    g.add<nn::Linear>(1, 1, nn::LinearOptions{.dtype = f64}).add<nn::Tanh>();
    const double a = 0.9, b = 0.3;
    g.parameters()[0].fill_(a);
    g.parameters()[1].fill_(b);
    Generator generator(2);
    const Tensor x = g(randn({kSamples, 1}, {.dtype = f64}, generator));
    const auto z_of = [&](double v) { return (std::atanh(v) - b) / a; };
    const auto density = [&](double v) {
        return std::exp(-z_of(v) * z_of(v) / 2) / std::sqrt(2 * M_PI) / (a * (1 - v * v));
    };
    CHECK(quadrature([](double) { return 1.0; }, density) == doctest::Approx(1).epsilon(1e-9));
    CHECK(agrees(x, quadrature([](double v) { return v; }, density)));
    CHECK(agrees(exp(x), quadrature([](double v) { return std::exp(v); }, density)));
    CHECK(agrees(square(x) * x, quadrature([](double v) { return v * v * v; }, density)));
    CHECK(ks_p(x.to_vector(), [&](double v) { return normal_cdf(z_of(v)); }) > 1e-3);
    CHECK(ks_p(x.to_vector(), [&](double v) { return normal_cdf(z_of(v) + 0.02); }) < 1e-3);
}

TEST_CASE("E8: the noise comes from p_z all the way, while p_g moves") {
    Generator init(3), noise(4), data(5), generator(6);
    nn::Linear g(1, 1, {.dtype = f64, .generator = &init}),
        d(1, 1, {.dtype = f64, .generator = &init});
    nn::SGD sgd_g(g.parameters(), {.lr = 0.05}), sgd_d(d.parameters(), {.lr = 0.05});
    std::vector<Tensor> drawn;
    const Sources sources{.data =
                              [&] {
                                  return Minibatch{3.0 + randn({50, 1}, {.dtype = f64}, data), {}};
                              },
                          .noise =
                              [&] {
                                  drawn.push_back(randn({50, 1}, {.dtype = f64}, noise));
                                  return Minibatch{drawn.back(), {}};
                              }};
    Algorithm1 algorithm({g, d, sgd_g, sgd_d}, sources, {},
                         {.objective = objective("non-saturating")});
    const auto made = [&](const Tensor& z) {
        NoGrad guard;
        return g(z).to_vector();
    };
    const std::vector<double> before = made(randn({2000, 1}, {.dtype = f64}, init));
    for (int i = 0; i < 200; ++i) algorithm.iteration(generator);
    const std::size_t half = drawn.size() / 2;
    for (const auto& part : {std::span(drawn).first(half), std::span(drawn).last(half)})
        CHECK(ks_p(concat(part).to_vector(), normal_cdf) > 1e-3);
    const std::vector<double> after = made(concat(drawn));
    // Noise taken from p_g, as Algorithm 1 prints it, would be these.
    CHECK(ks_p(after, normal_cdf) < 1e-3);
    const auto mean_of = [](const std::vector<double>& v) {
        return mean(f64s(v, {static_cast<std::int64_t>(v.size())})).item();
    };
    CHECK(mean_of(after) > mean_of(before) + 1);  // towards the data
}
