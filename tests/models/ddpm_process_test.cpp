// D2, D5, D9, D16 and erratum E1: the two chains and what a prediction says.
#include <doctest/doctest.h>

#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

namespace {

constexpr Prediction kKinds[] = {Prediction::noise, Prediction::x0, Prediction::v,
                                 Prediction::mean};

Tensor spread_times(std::int64_t steps) {  // the ends, and some between
    return tensor({1, 2, 3, 10, static_cast<double>(steps) / 2, static_cast<double>(steps) - 1,
                   static_cast<double>(steps)},
                  {7}, {.dtype = i64});
}

}  // namespace

TEST_CASE(
    "D2: the forward kernel has mean sqrt(1 - beta) x and variance beta, and its steps compose") {
    const Schedule s({0.1, 0.3, 0.2});
    constexpr std::int64_t n = 100000;
    Generator generator(2);
    const std::vector<Tensor> x = draw_trajectory(s, full({n, 1}, 1.5, {.dtype = f64}), generator);
    const auto agrees = [&](const Tensor& draws, double m, double v) {
        CHECK(std::abs(mean(draws).item() - m) < 4 * std::sqrt(v / n));
        CHECK(std::abs(var(draws).item() - v) < 4 * v * std::sqrt(2.0 / n));
    };
    agrees(x[1], std::sqrt(0.9) * 1.5, 0.1);
    agrees(x[2] - std::sqrt(0.7) * x[1], 0, 0.3);
    const Normal q = forward(s, x[0], whole(n, 3));
    agrees(x[3], q.mean.to_vector()[0], q.variance.to_vector()[0]);
    CHECK(q.variance.to_vector()[0] == doctest::Approx(1 - 0.9 * 0.7 * 0.8));
}

TEST_CASE("D5: the posterior is Bayes' rule") {
    const Schedule s = make_schedule("linear", 1000);
    const Tensor x0 = column({-1.3, 0, 0.4}), xt = column({0.7, -2, 1.1});
    for (std::int64_t t = 2; t <= 1000; ++t) {
        // x_{t-1} ~ N(sqrt(ab_{t-1}) x_0, 1 - ab_{t-1}), x_t | x_{t-1} ~ N(sqrt(alpha) x_{t-1},
        // beta): precisions add.
        const double prior = 1 / (1 - s.alpha_bar(t - 1));
        const double precision = s.alpha(t) / s.beta(t) + prior;
        const Tensor m = (xt * (std::sqrt(s.alpha(t)) / s.beta(t)) +
                          x0 * (std::sqrt(s.alpha_bar(t - 1)) * prior)) /
                         precision;
        const Normal q = posterior(s, xt, x0, whole(3, t));
        REQUIRE(largest(q.mean - m) < 1e-12);
        REQUIRE(largest(q.variance - 1 / precision) < 1e-12);
        REQUIRE(std::abs(s.posterior_variance(t) - 1 / precision) < 1e-12);
    }
    CHECK(s.posterior_variance(1) == 0);
    CHECK(largest(posterior(s, xt, x0, whole(3, 1)).mean - x0) < 1e-12);
    CHECK(s.posterior_variance(2) == doctest::Approx(5.4531876613e-05).epsilon(1e-10));
    CHECK(s.posterior_variance(1000) == doctest::Approx(.01999998352656061).epsilon(1e-14));
    // What takes the place of 0 where a likelihood is asked for.
    CHECK(reverse_variance(s, Variance::beta_tilde, xt, whole(3, 1)).to_vector()[0] == s.beta(1));
    CHECK(reverse_variance(s, Variance::beta_tilde_clipped, xt, whole(3, 1)).to_vector()[0] ==
          doctest::Approx(5.4531876613e-05).epsilon(1e-10));
}

TEST_CASE("D9: each kind of prediction is computed from each") {
    const Schedule s = make_schedule("linear", 1000);
    const Tensor t = spread_times(1000), x0 = normal({7, 3, 2}, 1), noise = normal({7, 3, 2}, 2);
    const Tensor xt = diffuse(s, x0, t, noise);
    // Each from its own definition.
    const Coefficients c = s.at(t, x0);
    const Tensor truth[] = {noise, x0, sqrt(c.alpha_bar) * noise - sqrt(1.0 - c.alpha_bar) * x0,
                            posterior(s, xt, x0, t).mean};
    for (int from = 0; from < 4; ++from) {
        CHECK(largest(to_x0(s, kKinds[from], truth[from], xt, t) - x0) < 1e-12);
        for (int to = 0; to < 4; ++to) {
            CAPTURE(from);
            CAPTURE(to);
            CHECK(largest(convert(s, kKinds[from], kKinds[to], truth[from], xt, t) - truth[to]) <
                  1e-12);
            const Tensor there = convert(s, kKinds[from], kKinds[to], truth[from], xt, t);
            CHECK(largest(convert(s, kKinds[to], kKinds[from], there, xt, t) - truth[from]) <
                  1e-12);
        }
    }
    // mu_theta = 1 / sqrt(alpha) (x_t - beta / sqrt(1 - ab) eps), the last line of the derivation.
    const Tensor mu = (xt - c.beta / sqrt(1.0 - c.alpha_bar) * noise) / sqrt(1.0 - c.beta);
    CHECK(largest(truth[3] - mu) < 1e-12);
}

TEST_CASE("E1: x_0 with sqrt(alpha) in place of sqrt(alpha_bar) is wrong for t > 1") {
    const Schedule s = make_schedule("linear", 1000);
    const Tensor x0 = normal({4, 2}, 3), noise = normal({4, 2}, 4);
    for (std::int64_t t : {1, 2, 10, 100, 1000}) {
        CAPTURE(t);
        const Tensor time = whole(4, t), xt = diffuse(s, x0, time, noise);
        const Tensor literal = (xt - noise * std::sqrt(1 - s.alpha_bar(t))) / std::sqrt(s.alpha(t));
        const Tensor mu =
            (xt - noise * (s.beta(t) / std::sqrt(1 - s.alpha_bar(t)))) / std::sqrt(s.alpha(t));
        const Tensor right = to_x0(s, Prediction::noise, noise, xt, time);
        const double off = largest(posterior(s, xt, literal, time).mean - mu);
        CHECK(largest(posterior(s, xt, right, time).mean - mu) < 1e-12);
        CHECK(largest(right - x0) < 1e-12);
        if (t == 1) {
            CHECK(off < 1e-12);
        } else {
            CHECK(off > 1e-6);
            CHECK(largest(literal - x0) > 4e-5);
        }
    }
}

TEST_CASE("D16: a small step makes the reverse Gaussian") {
    // q(x_{t-1} | x_t) of two bumps, x_t = 0.1, ab_{t-1} = 0.7, against the Gaussian of its mean
    // and variance: KL = -entropy + log(2 pi e v) / 2.
    const GaussianMixture data = bimodal(0.05);
    constexpr int n = 200001;
    const auto kl = [&](double beta) {
        const double width = 12 / static_cast<double>(n - 1), xt = 0.1;
        const Tensor x = linspace(-6, 6, n, {.dtype = f64});
        const Tensor log_joint =
            diffused(data, Tensor(0.7, {.dtype = f64})).log_prob(reshape(x, {n, 1})) -
            square(xt - std::sqrt(1 - beta) * x) / (2 * beta);
        const Tensor log_p = log_joint - logsumexp(log_joint) - std::log(width);
        const Tensor p = exp(log_p) * width;
        const double m = sum(p * x).item(), v = sum(p * square(x - m)).item();
        return sum(p * log_p).item() + 0.5 * std::log(2 * M_PI * M_E * v);
    };
    const double table[][2] = {{.5, 3.89e-2},  {.2, 1.18e-2},  {.1, 3.20e-3},  {.05, 6.44e-4},
                               {.02, 5.76e-5}, {.01, 8.19e-6}, {.001, 9.35e-9}};
    for (const auto& [first, expected] : table) {
        const double beta = first;
        CAPTURE(beta);
        CHECK(kl(beta) == doctest::Approx(expected).epsilon(0.02));
    }
}

TEST_CASE("learned variances interpolate between beta-tilde and beta in the logarithm") {
    const Schedule s = make_schedule("linear", 100);
    const Tensor x = normal({2, 3}, 5), t = tensor({1, 60}, {2}, {.dtype = i64});
    const auto at = [&](double v) {
        return reverse_variance(s, Variance::learned, x, t, full_like(x, v));
    };
    CHECK(largest(at(1) - reverse_variance(s, Variance::beta, x, t)) < 1e-15);
    CHECK(largest(at(-1) - reverse_variance(s, Variance::beta_tilde_clipped, x, t)) < 1e-15);
    CHECK(largest(square(at(0)) - at(1) * at(-1)) < 1e-15);
    CHECK_THROWS_WITH_AS(reverse_variance(s, Variance::learned, x, t),
                         doctest::Contains("need a v for each element"), Error);
}

TEST_CASE("the process computes in its input's type, empty batches and views included") {
    const Schedule s = make_schedule("cosine", 100);
    const Tensor x = normal({4, 6}, 6), t = tensor({1, 50, 99, 100}, {4}, {.dtype = i64});
    const Tensor noise = normal({4, 6}, 7);
    const Tensor single = diffuse(s, to(x, f32), t, to(noise, f32));
    CHECK(single.dtype() == f32);
    CHECK(largest(to(single, f64) - diffuse(s, x, t, noise)) < 1e-6);
    CHECK(largest(transpose(diffuse(s, transpose(contiguous(transpose(x))), t, noise)) -
                  transpose(diffuse(s, x, t, noise))) == 0);
    const Tensor none = zeros({0, 3}, {.dtype = f64});
    CHECK(diffuse(s, none, zeros({0}, {.dtype = i64}), none).shape() == Shape{0, 3});
    CHECK(posterior(s, none, none, zeros({0}, {.dtype = i64})).mean.shape() == Shape{0, 3});
}

TEST_CASE("names of predictions and variances") {
    CHECK(prediction("v") == Prediction::v);
    CHECK(variance("beta-tilde-clipped") == Variance::beta_tilde_clipped);
    CHECK_THROWS_WITH_AS(prediction("epsilon"),
                         "ddpm: unknown prediction 'epsilon'; expected one of noise, x0, v, mean",
                         Error);
    CHECK_THROWS_WITH_AS(
        variance("fixed"),
        doctest::Contains("expected one of beta, beta-tilde, beta-tilde-clipped, learned"), Error);
}
