// D1, D6, D7 and D13: the bound, and the likelihood that it bounds.
#include <doctest/doctest.h>

#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

namespace {

const std::vector<double> kBetas{.05, .1, .2, .3, .5, .8};

double log_normal(double x, double m, double v) {
    return -0.5 * (std::log(2 * M_PI * v) + (x - m) * (x - m) / v);
}

// E f(x_{t-1}, x_t) given x_0 = x, f quadratic: two nodes for each of two noises.
template <class F> double expectation(const Schedule& s, double x, std::int64_t t, const F& f) {
    double total = 0;
    for (double a : {-1, 1})
        for (double b : {-1, 1}) {
            const double before =
                std::sqrt(s.alpha_bar(t - 1)) * x + std::sqrt(1 - s.alpha_bar(t - 1)) * a;
            total += 0.25 * f(before, std::sqrt(s.alpha(t)) * before + std::sqrt(s.beta(t)) * b);
        }
    return total;
}

}  // namespace

TEST_CASE("D1: the reverse chain's log-probability is the sum of its steps") {
    const Schedule s(kBetas);
    Generator generator(1);
    const std::vector<Tensor> x = draw_trajectory(s, normal({3, 1}, 2), generator);
    const Tensor total = reverse_log_prob(s, linear_model(), x, Variance::beta);
    for (std::size_t i = 0; i < 3; ++i) {
        double sum = log_normal(x[6].to_vector()[i], 0, 1);
        for (std::size_t t = 1; t <= 6; ++t) {
            const double beta = kBetas[t - 1];
            const double eps = (0.3 + 0.2 * std::cos(double(t))) * x[t].to_vector()[i] + 0.1;
            const double mu =
                (x[t].to_vector()[i] - beta / std::sqrt(1 - s.alpha_bar(std::int64_t(t))) * eps) /
                std::sqrt(1 - beta);
            sum += log_normal(x[t - 1].to_vector()[i], mu, beta);
        }
        CHECK(std::abs(total.to_vector()[i] - sum) < 1e-12);
    }
    CHECK_THROWS_WITH_AS(reverse_log_prob(s, linear_model(), {x[0]}, Variance::beta),
                         doctest::Contains("got 1 states; expected 7"), Error);
}

TEST_CASE("D6: the bound by trajectories is L_T + sum L_{t-1} + L_0, with less noise") {
    const Schedule s(kBetas);
    const Denoiser model = linear_model();
    const double x = 0.8;

    SUBCASE("the telescoping line, on every trajectory") {
        Generator generator(3);
        const std::vector<Tensor> path = draw_trajectory(s, normal({5, 2}, 4), generator);
        Tensor turned = forward(s, path[0], whole(5, 6)).log_prob(path[6]);
        for (std::size_t t = 2; t <= 6; ++t)
            turned =
                turned +
                posterior(s, path[t], path[0], whole(5, std::int64_t(t))).log_prob(path[t - 1]);
        CHECK(largest(turned - forward_log_prob(s, path)) < 1e-10);
    }
    SUBCASE("the expectations agree") {
        const Bound bound =
            expected_bound(s, model, column({x}), Variance::beta, Decoder::density, 2);
        double trajectory = 0;
        for (std::int64_t t = 1; t <= 6; ++t)
            trajectory += expectation(s, x, t, [&](double before, double xt) {
                const Tensor at = column({xt});
                const Normal p = reverse(s, model, at, whole(1, t), Variance::beta);
                return log_normal(xt, std::sqrt(s.alpha(t)) * before, s.beta(t)) -
                       p.log_prob(column({before})).item() - (t == 6 ? log_normal(xt, 0, 1) : 0);
            });
        CHECK(std::abs(bound.total().item() - trajectory) < 1e-10);
        CHECK(bound.l_mid.size() == 5);
    }
    SUBCASE("Rao-Blackwell") {
        // Given x_t the log-ratio of a term has the KL as its mean, so its variance is larger.
        // (Along one trajectory the noise of the log-ratios cancels in part, and for the exact
        // model altogether: the sum is then -log p(x_0).)
        constexpr std::int64_t n = 20000;
        const Tensor x0 = full({n, 1}, x, {.dtype = f64});
        double of_ratios = 0, of_kls = 0;
        for (std::int64_t t = 2; t <= 6; ++t) {
            const Tensor time = whole(n, t);
            const Tensor xt = diffuse(s, x0, time, normal({n, 1}, std::uint64_t(t)));
            const Normal q = posterior(s, xt, x0, time),
                         p = reverse(s, model, xt, time, Variance::beta);
            const Tensor before = q.mean + sqrt(q.variance) * normal({n, 1}, std::uint64_t(10 + t));
            const Tensor ratio = q.log_prob(before) - p.log_prob(before);
            const Tensor kl = bound_term(s, p, x0, xt, time, Decoder::density);
            CHECK(std::abs(mean(ratio - kl).item()) <
                  4 * stddev(ratio - kl).item() / std::sqrt(double(n)));
            CHECK(var(kl).item() < var(ratio).item());
            of_ratios += var(ratio).item();
            of_kls += var(kl).item();
        }
        MESSAGE("variance of the log-ratios over that of the KLs: ", of_ratios / of_kls);
    }
}

TEST_CASE("D7: the bound is above -log p of the chain") {
    // A linear model's chain is Gaussian: its marginal follows from x_{t-1} = a x_t + b + N(0,
    // beta).
    const Schedule s(kBetas);
    double m = 0, v = 1;
    for (std::int64_t t = 6; t >= 1; --t) {
        const Tensor mu =
            reverse(s, linear_model(), column({0, 1}), whole(2, t), Variance::beta).mean;
        const double b = mu.to_vector()[0], a = mu.to_vector()[1] - b;
        m = a * m + b;
        v = a * a * v + s.beta(t);
    }
    double gap = INFINITY;
    for (double x : {-3.0, -1.0, -0.2, 0.0, 0.5, 2.0}) {
        const double bound =
            expected_bound(s, linear_model(), column({x}), Variance::beta, Decoder::density, 2)
                .total()
                .item();
        CHECK(bound >= -log_normal(x, m, v));
        gap = std::min(gap, bound + log_normal(x, m, v));
    }
    CHECK(gap < 0.5);  // and not idly
}

TEST_CASE("D13: sigma^2 = beta is the best for N(0, I): the bound is the entropy") {
    const Schedule s = make_schedule("linear", 1000);
    const Tensor x0 = column({-1, 1});  // the two nodes of N(0, 1)
    const auto bound = [&](Variance v) {
        return mean(expected_bound(s, of_standard_normal(s), x0, v, Decoder::density, 2).total())
            .item();
    };
    const double entropy = 0.5 * std::log(2 * M_PI * M_E);
    CHECK(entropy == doctest::Approx(1.4189385332).epsilon(1e-10));
    CHECK(std::abs(bound(Variance::beta) - entropy) < 1e-12);
    CHECK(std::abs(bound(Variance::beta_tilde) - 1.8838308520) < 1e-10);
    CHECK(std::abs(bound(Variance::beta_tilde_clipped) - 1.9975333785) < 1e-10);
}

TEST_CASE("Gauss-Hermite nodes integrate polynomials exactly") {
    const double moments[] = {1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945};
    for (std::int64_t n : {1, 2, 3, 6}) {
        const Quadrature rule = gauss_hermite(n);
        for (std::int64_t k = 0; k < std::min<std::int64_t>(2 * n, 11); ++k)
            CHECK(std::abs(sum(rule.weights * pow(rule.nodes, static_cast<double>(k))).item() -
                           moments[k]) < 1e-12 * std::max(1.0, moments[k]));
    }
}

TEST_CASE(
    "the probability-flow ODE gives the mixture's density, by the exact trace and by "
    "Hutchinson's") {
    // twice the usual: of the data next to nothing is left, and the prior is N(0, I) to 1e-4
    std::vector<double> betas;
    for (int t = 0; t < 1000; ++t) betas.push_back(1e-4 + (0.04 - 1e-4) * t / 999);
    const Schedule s(betas);
    const GaussianMixture data = GaussianMixture::isotropic(
        tensor({-1, 0, 1, .5, 0, -1}, {3, 2}, {.dtype = f64}), .09, {1, 2, 3});
    Generator generator(6);
    const Tensor x = data.sample(16, generator), truth = data.log_prob(x);
    const auto error = [&](std::int64_t steps) {
        return largest(ode_log_likelihood(s, oracle(data, s), x, steps, 0, generator) - truth);
    };
    const double coarse = error(112), fine = error(334);  // strides of 9 and 3
    CHECK(fine < 2e-3);
    CHECK(coarse / fine > 6);  // Heun: 9
    // Hutchinson's noise falls with the probes, and its mean is right.
    const Tensor exact = ode_log_likelihood(s, oracle(data, s), x, 38, 0, generator);
    const auto probed = [&](std::int64_t probes) {
        return ode_log_likelihood(s, oracle(data, s), x, 38, probes, generator);
    };
    const Tensor ten = probed(10), forty = probed(40);
    CHECK(norm(forty - exact).item() < norm(ten - exact).item());
    CHECK(largest(forty - exact) < 1);
    const Schedule none = make_schedule("zero-snr", 100);
    CHECK_THROWS_WITH_AS(ode_log_likelihood(none, oracle(data, none), x, 10, 0, generator),
                         doctest::Contains("cannot start where"), Error);
}

TEST_CASE("D19: the bound is above the exact value on the same data") {
    const Schedule s = make_schedule("linear", 1000);
    const GaussianMixture data = bimodal(0.3);
    Generator generator(7);
    const Tensor x = data.sample(64, generator);
    NoGrad guard;
    const double exact = -mean(data.log_prob(x)).item();
    const double bound = mean(variational_bound(s, oracle(data, s), x, Variance::beta_tilde,
                                                Decoder::density, generator)
                                  .total())
                             .item();
    CHECK(bound > exact);
    MESSAGE("bound ", bound, " nats, exact ", exact);
}
