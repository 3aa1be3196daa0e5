// G5 to G9 and E4: Proposition 1, Theorem 1 and Proposition 2 of Goodfellow et al. 2014, on
// densities that are known.
#include "models/gan/theory/optimal_discriminator.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "models/distributions/normal.h"
#include "models/gan/objective.h"
#include "nn/layers/linear.h"
#include "nn/optim/optimizer.h"
#include "tests/files.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::gan;
using namespace eps::test;

namespace {

constexpr double kLog2 = std::numbers::ln2, kLog4 = 2 * kLog2;
const Options doubles{.dtype = f64};

LogDensity normal(double mu, double sigma = 1) {
    return [mu, sigma](double x) {
        return -0.5 * (x - mu) * (x - mu) / (sigma * sigma) - std::log(sigma) -
               0.5 * std::log(2 * std::numbers::pi);
    };
}
// N(0, 1) against N(mu, 1).
Densities shifted(double mu) { return on_line(normal(0), normal(mu), -12, 12 + mu); }
Tensor nodes_of(double mu) { return linspace(-12, 12 + mu, 4001, doubles); }

// Uniform on the simplex: Dirichlet(1, ..., 1).
Tensor dirichlet(std::int64_t n, Generator& generator) {
    const Tensor e = -log(1.0 - rand({n}, doubles, generator));
    return e / sum(e);
}
double total_variation(const Tensor& p, const Tensor& q) { return 0.5 * sum(abs(p - q)).item(); }
double jsd_of(const Tensor& p, const Tensor& q) { return jsd(on_atoms(p, q)); }

// w, b of the logistic discriminator that maximises V on these samples, by Newton's method with the
// program's loss and autograd's gradient.
std::vector<double> logistic_regression(const Tensor& real, const Tensor& fake) {
    Tensor w = zeros({2}, doubles).requires_grad_();
    const auto features = [](const Tensor& x) { return stack({x, ones_like(x)}, 1); };
    const Tensor r = features(real), f = features(fake);
    for (int i = 0; i < 6; ++i) {
        const Tensor loss = objective("minimax").discriminator_loss(matmul(r, w), matmul(f, w), 1);
        const Tensor gradient = grad(loss, {w})[0];
        const NoGrad guard;
        const auto curvature = [&](const Tensor& x) {
            const Tensor D = sigmoid(matmul(x, w));
            return matmul(transpose(x * unsqueeze(D * (1.0 - D), 1)), x) /
                   static_cast<double>(x.size(0));
        };
        w.copy_(w - solve(curvature(r) + curvature(f), gradient));
    }
    return w.to_vector();
}

}  // namespace

TEST_CASE(
    "G5: D* = p / (p + q), the argmax of a log y + b log(1 - y), also where a or b vanishes") {
    Generator generator(1);
    for (int i = 0; i < 100; ++i) {
        const double a = rand({}, doubles, generator).item() + 1e-3;
        const double b = 10 * rand({}, doubles, generator).item() + 1e-3;
        // Newton on the derivative a / y - b / (1 - y), which is concave at first and never leaves
        // (0, 1) when halved
        double y = 0.5;
        for (int step = 0; step < 200; ++step) {
            double move = (a / y - b / (1 - y)) / (a / (y * y) + b / ((1 - y) * (1 - y)));
            while (y + move <= 0 || y + move >= 1) move /= 2;
            y += move;
        }
        CHECK(optimal_discriminator(Tensor(std::log(a), doubles), Tensor(std::log(b), doubles))
                  .item() == doctest::Approx(y).epsilon(1e-10));
    }
    const double gone = -INFINITY;
    const auto best = [](double log_p, double log_q) {
        return optimal_discriminator(Tensor(log_p, doubles), Tensor(log_q, doubles)).item();
    };
    CHECK(best(0, gone) == 1);  // b = 0: a log y grows up to y = 1
    CHECK(best(gone, 0) == 0);  // a = 0
    CHECK(best(gone, gone) == 0.5);
    // where p and q are 0 as numbers
    CHECK(best(-5000, -5001) == doctest::Approx(1 / (1 + std::exp(-1.0))).epsilon(1e-15));
    CHECK(contains(message_of([] { optimal_discriminator(zeros({2}), zeros({3})); }),
                   "expected [2]"));
    CHECK(contains(message_of([] { value(Densities{}, zeros({3})); }), "undefined"));
    CHECK(contains(message_of([] { value(shifted(1), zeros({3})); }), "expected 4001"));
}

TEST_CASE(
    "G5: between N(0, 1) and N(mu, 1), logistic regression finds D* = sigmoid(mu^2 / 2 - mu x)") {
    Generator generator(2);
    constexpr std::int64_t kSamples = 400000;
    for (const double mu : {1.0, 2.0}) {
        const std::vector<double> w = logistic_regression(
            randn({kSamples}, doubles, generator), mu + randn({kSamples}, doubles, generator));
        CHECK(std::abs(w[0] + mu) < 1e-2);
        CHECK(std::abs(w[1] - mu * mu / 2) < 1e-2);
        const Densities d = shifted(mu);
        const Tensor exact = sigmoid(mu * mu / 2 - mu * nodes_of(mu));
        CHECK(max(abs(exact - optimal_discriminator(d.log_p, d.log_q))).item() < 1e-12);
    }
}

TEST_CASE("G5: a trained MLP comes near D*") {
    constexpr double mu = 2;
    Generator generator(3);
    const nn::LinearOptions options{.dtype = f64, .generator = &generator};
    nn::Linear hidden(1, 32, options), out(32, 1, options);
    const auto logits = [&](const Tensor& x) { return out(tanh(hidden(reshape(x, {-1, 1})))); };
    nn::Adam adam({hidden.weight, hidden.bias, out.weight, out.bias}, {.lr = 1e-2});
    const Densities d = shifted(mu);
    const auto error = [&] {
        const NoGrad guard;
        return discriminator_error(d, sigmoid(logits(nodes_of(mu))));
    };
    CHECK(error() > 0.1);
    for (int step = 0; step < 600; ++step) {
        if (step == 400) adam.set_learning_rate(1e-3);
        adam.zero_grad();
        const Tensor real = randn({512}, doubles, generator);
        const Tensor fake = mu + randn({512}, doubles, generator);
        backward(objective("minimax").discriminator_loss(logits(real), logits(fake), 1));
        adam.step();
    }
    CHECK(error() < 0.02);
}

TEST_CASE("G6: C(G) three ways, and its values for two unit normals") {
    struct Row {
        double mu, jsd, criterion;
    };
    for (const Row& row : {Row{.5, .0303113005, -1.3256717601},
                           {1, .1114214822, -1.1634513967},
                           {2, .3368308204, -.7126327204},
                           {4, .6327201938, -.1208539736}}) {
        const Densities d = shifted(row.mu);
        CAPTURE(row.mu);
        CHECK(std::abs(jsd(d) - row.jsd) < 1e-10);
        CHECK(std::abs(criterion(d) - row.criterion) < 1e-10);
        CHECK(std::abs(criterion(d) - criterion_by_kl(d)) < 1e-12);
        CHECK(std::abs(criterion(d) - criterion_by_jsd(d)) < 1e-12);
        // No other discriminator does better.
        const Tensor best = sub(d.log_p, d.log_q);
        CHECK(value(d, best) == criterion(d));
        for (const double change : {-0.1, 0.1}) {
            CHECK(value(d, best + change) < criterion(d));
            CHECK(value(d, best * (1 + change)) < criterion(d));
        }
        CHECK(std::abs(value(d, zeros_like(best)) + kLog4) < 1e-12);  // D = 1/2
    }
}

TEST_CASE("KL: closed form, quadrature and Monte Carlo agree") {
    const Densities d = on_line(normal(0.5, 0.7), normal(-1, 1.3), -14, 14);
    const auto gaussian = [](double mu, double sigma) {
        return DiagonalNormal{tensor({mu}, {1}, doubles),
                              tensor({2 * std::log(sigma)}, {1}, doubles)};
    };
    const double exact = kl(gaussian(0.5, 0.7), gaussian(-1, 1.3)).item();
    CHECK(kl(d) == doctest::Approx(exact).epsilon(1e-12));
    Generator generator(4);
    const auto at = [](const LogDensity& f, const Tensor& x) {
        std::vector<double> values = x.to_vector();
        for (double& v : values) v = f(v);
        return tensor(values, x.shape(), doubles);
    };
    const Tensor xp = 0.5 + 0.7 * randn({20000}, doubles, generator);
    const Tensor xq = -1.0 + 1.3 * randn({20000}, doubles, generator);
    const auto p = normal(0.5, 0.7), q = normal(-1, 1.3);
    const models::Estimate from_samples = kl_estimate(at(p, xp), at(q, xp)),
                           jensen = jsd_estimate(at(p, xp), at(q, xp), at(p, xq), at(q, xq));
    CHECK(from_samples.standard_error() < 0.01);
    CHECK(std::abs(from_samples.mean() - exact) < 4 * from_samples.standard_error());
    CHECK(jensen.standard_error() < 0.003);
    CHECK(std::abs(jensen.mean() - jsd(d)) < 4 * jensen.standard_error());
}

TEST_CASE("G7: C >= -log 4, with equality for p_g = p_data alone") {
    Generator generator(5);
    for (int i = 0; i < 1000; ++i) {
        const Tensor p = dirichlet(8, generator), other = dirichlet(8, generator);
        const Tensor q = i % 2 ? other : 0.99 * p + 0.01 * other;  // far and near
        CHECK(std::abs(criterion(on_atoms(p, p)) + kLog4) < 1e-12);
        REQUIRE(total_variation(p, q) > 1e-3);
        CHECK(criterion(on_atoms(p, q)) > -kLog4 + 1e-7);  // JSD >= TV^2 / 2
    }
}

TEST_CASE("G8: the Jensen-Shannon divergence is symmetric and bounded, its root a metric") {
    Generator generator(6);
    for (int i = 0; i < 300; ++i) {
        const Tensor p = dirichlet(6, generator), q = dirichlet(6, generator);
        const Tensor r = dirichlet(6, generator);
        const double pq = jsd_of(p, q), qr = jsd_of(q, r), pr = jsd_of(p, r);
        CHECK(std::abs(pq - jsd_of(q, p)) <= 1e-15);
        CHECK(pq > 0);
        CHECK(pq < kLog2);
        CHECK(std::sqrt(pr) <= std::sqrt(pq) + std::sqrt(qr) + 1e-12);
        CHECK(jsd_of(p, p) == 0);
    }
    const Tensor left = tensor({0.25, 0.75, 0, 0}, {4}, doubles);
    const Tensor right = tensor({0, 0, 0.5, 0.5}, {4}, doubles);
    CHECK(jsd_of(left, right) == kLog2);
    CHECK(kl(on_atoms(left, right)) == INFINITY);
    CHECK(kl(on_atoms(left, tensor({.1, .2, .3, .4}, {4}, doubles))) < INFINITY);
    CHECK(criterion(on_atoms(left, right)) == 0);  // D* is never wrong, and log 1 = 0
    CHECK(contains(message_of([] { on_atoms(tensor({1.5, -.5}), tensor({.5, .5})); }), "-0.5"));
    CHECK(contains(message_of([] { on_atoms(ones({1}), ones({2})); }), "1 atoms of p and 2 of q"));
}

TEST_CASE(
    "E4: JSD <= 1 holds in bits and is reached; in nats the bound is log 2, so that -log 4 <= C <= "
    "0") {
    const Tensor left = tensor({1, 0}, {2}, doubles), right = tensor({0, 1}, {2}, doubles);
    const double largest = jsd_of(left, right);  // of all pairs: see G8
    CHECK(largest / kLog2 == 1);                 // bits
    CHECK(largest == kLog2);
    CHECK(largest < 0.7);              // nats: 1 is never near
    CHECK(-kLog4 + 2 * largest == 0);  // the largest C; with JSD = 1 it would be 0.61
}

TEST_CASE(
    "G9: with D = D* at each step, small steps of p_g = softmax(theta) lead to p_data, C falling "
    "at each") {
    Generator generator(7);
    const Tensor p = dirichlet(6, generator);
    Tensor theta = randn({6}, doubles, generator).requires_grad_();
    double before = INFINITY;
    for (int step = 0; step < 1500; ++step) {
        const Tensor q = softmax(theta, 0);
        const Densities d = on_atoms(p, detach(q));
        const double C = criterion(d);
        if (total_variation(p, detach(q)) < 1e-4) break;
        REQUIRE(C < before);
        before = C;
        // The gradient at the fixed D* is that of C itself: the argument of the proof.
        const Tensor D = optimal_discriminator(d.log_p, d.log_q);
        const Tensor descent = grad(sum(q * log(1.0 - D)), {theta})[0];
        if (step % 100 == 0) {
            const Tensor p_g = softmax(theta, 0);
            const Tensor through =
                grad(sum(p * log(p / (p + p_g)) + p_g * log(p_g / (p + p_g))), {theta})[0];
            CHECK(max(abs(descent - through)).item() < 1e-14);
        }
        const NoGrad guard;
        theta.copy_(theta - 2.0 * descent);
    }
    CHECK(total_variation(p, softmax(detach(theta), 0)) < 1e-3);
}

TEST_CASE("G9: sup_D U is convex in p_g") {
    Generator generator(8);
    const Tensor p = dirichlet(5, generator);
    for (int i = 0; i < 200; ++i) {
        const Tensor a = dirichlet(5, generator), b = dirichlet(5, generator);
        CHECK(criterion(on_atoms(p, 0.5 * (a + b))) <
              0.5 * (criterion(on_atoms(p, a)) + criterion(on_atoms(p, b))));
    }
}

TEST_CASE("D* of the game with instance noise, from samples alone") {
    Generator generator(9);
    constexpr double mu = 1.5, sigma = 0.5;
    const Tensor real = randn({4000, 1}, doubles, generator);
    const Tensor fake = mu + randn({4000, 1}, doubles, generator);
    // noise blurs N(mu, 1) to N(mu, 1 + sigma^2)
    const double width = std::sqrt(1 + sigma * sigma);
    const Densities blurred = on_line(normal(0, width), normal(mu, width), -7, 8, 601);
    const Tensor x = linspace(-7, 8, 601, doubles);
    CHECK(discriminator_error(
              blurred, noisy_optimal_discriminator(reshape(x, {-1, 1}), real, fake, sigma)) < 0.02);
    // Of the plain game it is not D*: there the densities are narrower.
    const Densities plain = on_line(normal(0), normal(mu), -7, 8, 601);
    CHECK(discriminator_error(
              plain, noisy_optimal_discriminator(reshape(x, {-1, 1}), real, fake, sigma)) > 0.02);
}
