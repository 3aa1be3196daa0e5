// Metrics of sets of points against closed forms and NumPy. metrics_two_sample_test.cpp has the
// two-sample tests.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/data/toy.h"
#include "experiments/metrics/c2st.h"
#include "experiments/metrics/frechet.h"
#include "experiments/metrics/memorisation.h"
#include "experiments/metrics/mmd.h"
#include "experiments/metrics/modes.h"
#include "experiments/metrics/neighbours.h"
#include "experiments/metrics/prdc.h"
#include "experiments/metrics/sliced_wasserstein.h"
#include "models/distributions/parzen.h"
#include "tensor/runtime/parallel.h"
#include "tests/experiments/metrics_support.h"

using namespace eps;
using namespace eps::metrics;
using namespace eps::models;
using namespace eps::test;

TEST_CASE("modes: exact samples capture all modes, with the expected share and KL") {
    Generator generator(1);
    Trials hq, reverse_kl;
    constexpr std::int64_t kCount = 2500;
    for (int trial = 0; trial < 20; ++trial) {
        const data::Toy toy = data::ring8();
        const ModeCoverage coverage =
            mode_coverage(toy.sample(kCount, generator), toy.modes, toy.sigma);
        CHECK(coverage.modes == 8);
        CHECK(coverage.of == 8);
        const auto [hq_share, hq_se] = coverage.high_quality;
        CHECK(hq_se == doctest::Approx(std::sqrt(hq_share * (1 - hq_share) / kCount)));
        hq.add(hq_share);
        reverse_kl.add(coverage.reverse_kl.value);
    }
    CHECK(hq.agrees_with(1 - std::exp(-4.5)));
    CHECK(reverse_kl.agrees_with(7 / (2 * kCount * (1 - std::exp(-4.5)))));
}

TEST_CASE("modes: collapse, samples off the modes and NaN give what is computed by hand") {
    const Tensor modes = tensor({0, 0, 10, 0, 0, 10, 10, 10}, {4, 2});
    const double nan = std::nan("");
    const Tensor x =
        tensor({0, 0, 0.29, 0, 0, -0.31, 10, 0.1, 10.1, 0, 9.9, 0, 5, 5, nan, 0}, {8, 2});
    const ModeCoverage coverage = mode_coverage(x, modes, 0.1);
    CHECK(coverage.modes == 2);
    CHECK(coverage.of == 4);
    CHECK(coverage.high_quality.value == 5.0 / 8);
    CHECK(coverage.reverse_kl.value ==
          doctest::Approx(0.4 * std::log(1.6) + 0.6 * std::log(2.4)).epsilon(1e-14));
    const ModeCoverage none = mode_coverage(tensor({5, 5}, {1, 2}), modes, 0.1);
    CHECK(none.modes == 0);
    CHECK(none.high_quality.value == 0);
    CHECK(none.reverse_kl.value == doctest::Approx(std::log(4.0)));
    const ModeCoverage one = mode_coverage(tensor({0, 0, 0, 0.1}, {2, 2}), modes, 0.1);
    CHECK(one.reverse_kl.value == doctest::Approx(std::log(4.0)));
    CHECK(one.reverse_kl.se == 0);
}

TEST_CASE("neighbours agree with NumPy, for ties, blocks and any number of threads") {
    const Tensor x = golden_x(), y = golden_y();
    CHECK(distance(sqrt(nearest(x, y, 3).squared), golden::metrics::nearest) < 1e-14);
    const Tensor line = tensor({0, 1, 1, 3}, {4, 1});
    CHECK(nearest(line, line, 2).indices.to_vector() ==
          std::vector<double>{0, 1, 1, 2, 1, 2, 3, 1});
    CHECK(nearest_others(line, 1).indices.to_vector() == std::vector<double>{1, 2, 1, 1});
    CHECK(nearest_others(line, 1).squared.to_vector() == std::vector<double>{1, 0, 0, 4});
    // More distances than a block holds, and a view that is not contiguous.
    Generator generator(3);
    const Tensor many = transpose(randn({3, 2100}, kF64, generator));
    const int threads = num_threads();
    set_num_threads(1);
    const Neighbours one = nearest_others(many, 4);
    set_num_threads(2);
    const Neighbours two = nearest_others(many, 4);
    set_num_threads(threads);
    CHECK(one.squared.to_vector() == two.squared.to_vector());
    CHECK(one.indices.to_vector() == two.indices.to_vector());
    const Tensor last = narrow(many, 0, 2099, 1);
    const Tensor squared = sort(sum(square(many - last), {1})).values;
    CHECK(distance(select(one.squared, 0, 2099), narrow(squared, 0, 1, 4).to_vector()) < 1e-13);
    // Far from 0 the products cancel, so that the points themselves are read, in each block.
    const Tensor far = to(randint(-512, 513, {2100, 3}, generator), f64) + 1e8;
    CHECK(nearest_others(far, 4).squared.to_vector() ==
          nearest_others(far - 1e8, 4).squared.to_vector());
}

TEST_CASE("metrics of distances are the same far from 0, and for clusters far apart") {
    // Multiples of 2^-20 within 2^-10, so that moving them by 10000 changes no digit in f64.
    Generator generator(4);
    const auto points = [&](std::int64_t n) {
        return to(randint(-1024, 1025, {n, 3}, generator), f64) * 0x1p-20;
    };
    const Tensor x = points(60), y = points(50);
    const Tensor apart = tensor({0.0, 10000.0}, {2, 1, 1}, {.dtype = f64});
    const auto moved = [&](const Tensor& z) { return z + 10000.0; };
    const auto clusters = [&](const Tensor& z) {
        return reshape(unsqueeze(z, 0) + apart, {-1, 3});
    };
    const Neighbours near = nearest(x, y, 3), far = nearest(moved(x), moved(y), 3);
    CHECK(far.indices.to_vector() == near.indices.to_vector());
    CHECK(max(abs(far.squared / near.squared - 1.0)).item() < 1e-10);
    const Prdc here = prdc(x, y, 3);
    CHECK(here.coverage.value > 0.5);
    for (const Prdc& there : {prdc(moved(x), moved(y), 3), prdc(clusters(x), clusters(y), 3)}) {
        CHECK(there.precision.value == here.precision.value);
        CHECK(there.recall.value == here.recall.value);
        CHECK(there.density.value == doctest::Approx(here.density.value).epsilon(1e-14));
        CHECK(there.coverage.value == here.coverage.value);
    }
    CHECK(median_distance(moved(x)) == doctest::Approx(median_distance(x)).epsilon(1e-10));
    const auto discrepancy = [&](const Tensor& a, const Tensor& b) {
        Generator same(9);
        return mmd(a, b, {.bandwidths = {1e-3}, .permutations = 0}, same).squared.value;
    };
    CHECK(std::abs(discrepancy(moved(x), moved(y)) - discrepancy(x, y)) < 1e-10);
    // In f32, where 1024 + 2^-13 k is exact.
    const auto wide = [](const Tensor& z) { return to(z * 128.0 + 1024.0, f32); };
    CHECK(nearest(wide(x), wide(y), 3).indices.to_vector() ==
          nearest(x * 128.0, y * 128.0, 3).indices.to_vector());
}

TEST_CASE("precision, recall, density and coverage agree with NumPy") {
    const auto check_k = [&](std::int64_t k, const std::vector<double>& expected) {
        const Prdc balls = prdc(golden_x(), golden_y(), k);
        CHECK(balls.precision.value == doctest::Approx(expected[0]).epsilon(1e-14));
        CHECK(balls.recall.value == doctest::Approx(expected[1]).epsilon(1e-14));
        CHECK(balls.density.value == doctest::Approx(expected[2]).epsilon(1e-14));
        CHECK(balls.coverage.value == doctest::Approx(expected[3]).epsilon(1e-14));
    };
    check_k(1, golden::metrics::balls1);
    check_k(3, golden::metrics::balls3);
    check_k(5, golden::metrics::balls5);
}

TEST_CASE("density has mean 1 and coverage its closed form for two sets of one distribution") {
    Generator generator(5);
    constexpr std::int64_t kData = 150, kSamples = 200, k = 5;
    Trials density, coverage;
    for (int trial = 0; trial < 60; ++trial) {
        const Prdc balls = prdc(randn({kData, 3}, generator), randn({kSamples, 3}, generator), k);
        density.add(balls.density.value);
        coverage.add(balls.coverage.value);
    }
    double missed = 1;
    for (std::int64_t i = 1; i <= k; ++i)
        missed *= static_cast<double>(kData - i) / static_cast<double>(kSamples + kData - i);
    CHECK(density.agrees_with(1));
    CHECK(coverage.agrees_with(1 - missed));
    const Tensor x = randn({100, 2}, generator), elsewhere = x + 100.0;
    const Prdc far = prdc(x, elsewhere), same = prdc(x, x);
    for (const Measured& each : {far.precision, far.recall, far.density, far.coverage})
        CHECK(each.value == 0);
    for (const Measured& each : {same.precision, same.recall, same.coverage})
        CHECK(each.value == 1);
    CHECK(same.density.value == doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("memorisation is 0 for copies of training data and 1 for unseen data") {
    Generator generator(12);
    const Tensor train = rand({300, 784}, generator), held_out = rand({100, 784}, generator);
    const Tensor copy = index_select(train, 0, tensor({7, 7, 299, 0}, {}, {.dtype = i64}));
    CHECK(memorisation(copy, held_out, train).value == 0);
    const Measured fresh = memorisation(rand({100, 784}, generator), held_out, train);
    CHECK(std::abs(fresh.value - 1) <= 4 * fresh.se);
    const Tensor line = tensor({0, 10}, {2, 1});
    const Measured half = memorisation(tensor({1, 9}, {2, 1}), tensor({-2, 12}, {2, 1}), line);
    CHECK(half.value == 0.5);
    CHECK(half.se == 0);
}

TEST_CASE("the Frechet distance agrees with closed forms and NumPy, and is symmetric") {
    const Tensor m1 = tensor({1, 2, 3}, {3}, kF64), m2 = tensor({0, 2, 5}, {3}, kF64);
    const Tensor d1 = tensor({4, 0, 0, 0, 9, 0, 0, 0, 1}, {3, 3}, kF64),
                 d2 = tensor({1, 0, 0, 0, 4, 0, 0, 0, 16}, {3, 3}, kF64);
    CHECK(frechet_distance(m1, d1, m2, d2) == doctest::Approx(5 + 1 + 1 + 9).epsilon(1e-14));
    // a point: E ||x - m||^2
    CHECK(frechet_distance(m1, d1, m1, zeros({3, 3})) == doctest::Approx(14).epsilon(1e-14));
    const Tensor x = golden_x(), y = golden_y();
    CHECK(frechet_distance(x, y) == doctest::Approx(golden::metrics::frechet[0]).epsilon(1e-12));
    CHECK(frechet_distance(y, x) == doctest::Approx(golden::metrics::frechet[0]).epsilon(1e-12));
    CHECK(frechet_distance(x, x) < 1e-13);
    CHECK(frechet_distance(x, x + 3.0) == doctest::Approx(27).epsilon(1e-13));
}

TEST_CASE("metrics throw on what they cannot measure") {
    Generator generator(13);
    const Tensor x = randn({10, 2}, generator), y = randn({10, 3}, generator),
                 bad = tensor({1, std::nan("")}, {1, 2}), none = zeros({0, 2});
    const MmdOptions kernel{.bandwidths = {1}};
    CHECK_THROWS_WITH_AS(
        prdc(x, y), doctest::Contains("points of different dimension; got [10, 2] and [10, 3]"),
        Error);
    CHECK_THROWS_WITH_AS(prdc(x, narrow(x, 0, 0, 5)),
                         doctest::Contains("too few points; got 5; expected 6 at least"), Error);
    CHECK_THROWS_WITH_AS(prdc(x, x, 0), doctest::Contains("k must be positive"), Error);
    CHECK_THROWS_WITH_AS(nearest(x, x, 11), doctest::Contains("bad k; got 11 of 10 points"), Error);
    CHECK_THROWS_WITH_AS(nearest(x, bad, 1), doctest::Contains("not finite"), Error);
    CHECK_THROWS_WITH_AS(nearest(none, x, 1), doctest::Contains("too few points; got 0"), Error);
    CHECK_THROWS_WITH_AS(mmd(x, x, {}, generator), doctest::Contains("needs positive bandwidths"),
                         Error);
    CHECK_THROWS_WITH_AS(mmd(x, x, {.bandwidths = {1, -1}}, generator),
                         doctest::Contains("needs positive bandwidths"), Error);
    CHECK_THROWS_AS(mmd(narrow(x, 0, 0, 1), x, kernel, generator), Error);
    CHECK_THROWS_WITH_AS(sliced_wasserstein(x, narrow(x, 0, 0, 9), generator),
                         doctest::Contains("as many points in both sets"), Error);
    CHECK_THROWS_AS(sliced_wasserstein(x, x, generator, 0), Error);
    CHECK_THROWS_WITH_AS(c2st(narrow(x, 0, 0, 3), narrow(x, 0, 0, 3)),
                         doctest::Contains("expected 4 at least"), Error);
    CHECK_THROWS_WITH_AS(parzen_log_density(x, x, 0), doctest::Contains("sigma must be positive"),
                         Error);
    CHECK_THROWS_AS(parzen_bandwidth(x, x, {}), Error);
    CHECK_THROWS_AS(memorisation(x, x, y), Error);
    CHECK_THROWS_WITH_AS(frechet_distance(zeros({2}), zeros({3, 3}), zeros({2}), zeros({2, 2})),
                         doctest::Contains("does not fit its mean"), Error);
    CHECK_THROWS_AS(frechet_distance(zeros({2}), zeros({2, 2}), zeros({3}), zeros({3, 3})), Error);
    CHECK_THROWS_WITH_AS(mode_coverage(y, x, 1), doctest::Contains("samples do not fit the modes"),
                         Error);
    CHECK_THROWS_WITH_AS(mode_coverage(x, x, 0), doctest::Contains("sigma must be positive"),
                         Error);
    CHECK_THROWS_WITH_AS(check_points(to(x, i64), "f"),
                         doctest::Contains("f: needs one point in each row"), Error);
    CHECK_THROWS_AS(check_points(Tensor(), "f"), Error);
}
