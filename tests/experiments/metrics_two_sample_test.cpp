// MMD, sliced Wasserstein, the classifier two-sample test and Parzen windows against closed forms
// and NumPy.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/metrics/c2st.h"
#include "experiments/metrics/mmd.h"
#include "experiments/metrics/sliced_wasserstein.h"
#include "models/distributions/parzen.h"
#include "tests/experiments/metrics_support.h"

using namespace eps;
using namespace eps::metrics;
using namespace eps::models;
using namespace eps::test;

TEST_CASE("mmd agrees with NumPy and with the closed form of two Gaussians") {
    Generator generator(7);
    CHECK(mmd(golden_x(), golden_y(), {.bandwidths = {0.7, 1.9}, .permutations = 0}, generator)
              .squared.value == doctest::Approx(golden::metrics::mmd2[0]).epsilon(1e-12));
    // E k(a, b) of N(0, I) and N(mu, I) in D dimensions: (s^2 / (s^2 + 2))^(D/2) exp(-||mu||^2 / 2
    // (s^2 + 2))
    const std::vector<double> bandwidths{0.5, 2};
    double expected = 0;
    for (const double s : bandwidths)
        expected += 2 * std::pow(s * s / (s * s + 2), 1) * (1 - std::exp(-0.5 / (s * s + 2))) / 2;
    const Tensor mu = tensor({0.6, 0.8}, {2}, kF64);
    Trials errors;
    for (int trial = 0; trial < 20; ++trial) {
        const Tensor x = randn({150, 2}, kF64, generator),
                     y = randn({120, 2}, kF64, generator) + mu;
        const Mmd result = mmd(x, y, {.bandwidths = bandwidths, .permutations = 0}, generator);
        const auto [squared, se] = result.squared;
        CHECK(std::abs(squared - expected) <= 4 * se);
        errors.add((squared - expected) / se);
    }
    CHECK(errors.agrees_with(0));
    // 1 if the errors are right, with an error of 1 / sqrt(38)
    const double spread = errors.estimate.standard_error() * std::sqrt(20.0);
    CHECK(std::abs(spread - 1) < 4 / std::sqrt(38.0));
}

TEST_CASE("mmd: p is uniform for two sets of one distribution, and small for two") {
    Generator generator(8);
    int low = 0;
    constexpr int kTrials = 60;
    for (int trial = 0; trial < kTrials; ++trial)
        low += mmd(randn({30, 2}, generator), randn({30, 2}, generator),
                   {.bandwidths = {1}, .permutations = 99}, generator)
                   .p <= 0.5;
    CHECK(std::abs(low - kTrials / 2) <= 4 * std::sqrt(kTrials / 4.0));
    CHECK(mmd(randn({60, 2}, generator), randn({60, 2}, generator) + 1.0,
              {.bandwidths = {1}, .permutations = 99}, generator)
              .p == 0.01);
    // N(0, 2 I): distances have median sqrt(2 * 2 ln 2) in the plane.
    Trials median;
    for (int trial = 0; trial < 10; ++trial)
        median.add(median_distance(randn({200, 2}, generator)));
    CHECK(median.agrees_with(2 * std::sqrt(std::numbers::ln2)));
}

TEST_CASE("sliced Wasserstein gives ||mu||^2 / D for a shift, and sorts on a line") {
    Generator generator(9);
    const Tensor x = randn({500, 5}, kF64, generator), mu = tensor({1, -2, 0.5, 0, 1}, {5}, kF64);
    const Measured shifted =
        sliced_wasserstein(x, index_select(x, 0, randperm(500, generator)) + mu, generator);
    CHECK(std::abs(shifted.value - 6.25 / 5) <= 4 * shifted.se);
    CHECK(shifted.se < 0.1);
    const Tensor a = tensor({3, 1, 2}, {3, 1}), b = tensor({0, 5, 4}, {3, 1});
    CHECK(sliced_wasserstein(a, b, generator).value ==
          doctest::Approx((1 + 4 + 4) / 3.0).epsilon(1e-12));
    CHECK(sliced_wasserstein(x, x, generator).value == 0);
    // N(0, I) against N(mu, I): chance adds what two draws of one law have between them, within the
    // errors of both.
    const Measured independent = sliced_wasserstein(
        randn({2000, 5}, generator), randn({2000, 5}, generator) + to(mu, f32), generator);
    const Measured floor =
        sliced_wasserstein(randn({2000, 5}, generator), randn({2000, 5}, generator), generator);
    // The two means differ by mu + e, e of variance 2 / n in each of D coordinates: 2 theta.mu
    // theta.e has an error of 2 sqrt(2 / n) ||mu|| / D.
    CHECK(std::abs(independent.value - floor.value - 6.25 / 5) <=
          4 * std::hypot(independent.se, 2 * std::sqrt(2 / 2000.0) * 2.5 / 5));
}

TEST_CASE("the classifier two-sample test gives one half, or the accuracy of Cover and Hart") {
    Generator generator(10);
    const Measured same = c2st(randn({1000, 2}, generator), randn({1000, 2}, generator));
    CHECK(std::abs(same.value - 0.5) <= 4 * same.se);
    CHECK(same.se == doctest::Approx(std::sqrt(0.25 / 1000)).epsilon(0.01));
    const Measured apart = c2st(randn({50, 2}, generator), randn({50, 2}, generator) + 100.0);
    CHECK(apart.value == 1);
    // k = 31
    const Measured shifted = c2st(randn({1000, 1}, generator), randn({1000, 1}, generator) + 2.0);
    CHECK(std::abs(shifted.value - golden::metrics::majority31[0]) <= 4 * shifted.se);
}

TEST_CASE("Parzen windows agree with NumPy and with N(0, 1) convolved with the window") {
    CHECK(distance(parzen_log_density(golden_x(), golden_y(), 0.3), golden::metrics::windows) <
          1e-12);
    // the density itself underflows
    const Tensor far = tensor({100, 0}, {1, 2}, kF64), at = zeros({1, 2}, kF64);
    CHECK(parzen_log_density(far, at, 0.5).item() ==
          doctest::Approx(-20000 - std::log(2 * std::numbers::pi * 0.25)).epsilon(1e-14));
    Generator generator(11);
    constexpr std::int64_t kCentres = 1500;
    const double sigma = 0.3;
    const Tensor centres = randn({kCentres, 1}, kF64, generator);
    for (const double x : {-1.5, 0.0, 0.7}) {
        const auto normal = [](double z, double variance) {
            return std::exp(-z * z / (2 * variance)) / std::sqrt(2 * std::numbers::pi * variance);
        };
        const double expected = normal(x, 1 + sigma * sigma),
                     density = std::exp(
                         parzen_log_density(tensor({x}, {1, 1}, kF64), centres, sigma).item());
        // E N(x; c, s^2)^2 = N(x; 0, 1 + s^2 / 2) / (2 s sqrt(pi))
        const double square =
            normal(x, 1 + sigma * sigma / 2) / (2 * sigma * std::sqrt(std::numbers::pi));
        CHECK(std::abs(density - expected) <=
              4 * std::sqrt((square - expected * expected) / kCentres));
    }
    CHECK(parzen_bandwidths().size() == 10);
    CHECK(parzen_bandwidths().front() == doctest::Approx(0.1));
    CHECK(parzen_bandwidths().back() == doctest::Approx(1));
    // Of one window at 0 and points of squared norm v in D dimensions, sigma^2 = v / D is best.
    CHECK(parzen_bandwidth(tensor({0.36, 0.48}, {1, 2}), zeros({1, 2}),
                           {0.1, std::sqrt(0.18), 0.6}) == std::sqrt(0.18));
    const Parzen result =
        parzen(centres, randn({200, 1}, kF64, generator), randn({400, 1}, kF64, generator));
    // E log N(x; 0, v) under N(0, 1), v = 1 + sigma^2; chance in the windows takes E log p^ down by
    // var(p^) / 2 p^2 at most, far below the error.
    const double v = 1 + result.sigma * result.sigma;
    CHECK(std::abs(result.log_density + 0.5 * std::log(2 * std::numbers::pi * v) + 0.5 / v) <=
          4 * result.se);
}
