#include "experiments/data/toy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "experiments/data/planar_mixture.h"
#include "tensor/create.h"

using namespace eps;
using namespace eps::data;

namespace {

struct Integrals {
    double mass = 0, entropy = 0;
};

// The density and -p log p on midpoints of cells of side h that cover [-half, half]^2.
Integrals integrate(const Toy& toy, double half, double h) {
    const auto side = static_cast<std::int64_t>(std::ceil(2 * half / h));
    Integrals sums;
    for (std::int64_t row = 0; row < side; ++row) {
        std::vector<double> points;
        for (std::int64_t column = 0; column < side; ++column)
            points.insert(points.end(), {-half + h * (static_cast<double>(column) + 0.5),
                                         -half + h * (static_cast<double>(row) + 0.5)});
        for (const double log_p :
             toy.log_density(tensor(points, {side, 2}, {.dtype = f64})).to_vector()) {
            const double p = std::exp(log_p);
            sums.mass += p * h * h;
            if (p > 0) sums.entropy -= p * log_p * h * h;
        }
    }
    return sums;
}

// Mean log-density of samples lies within five standard errors of minus the entropy.
void check_samples(const Toy& toy, double entropy) {
    Generator generator(11);
    constexpr std::int64_t kCount = 4000;
    double sum = 0, squares = 0;
    for (const double log_p : toy.log_density(toy.sample(kCount, generator)).to_vector()) {
        REQUIRE(std::isfinite(log_p));
        sum += log_p;
        squares += log_p * log_p;
    }
    const double mean = sum / kCount,
                 error = std::sqrt(std::max(squares / kCount - mean * mean, 0.0) / kCount);
    CAPTURE(toy.name);
    CAPTURE(mean);
    CHECK(std::abs(mean + entropy) <= 5 * error + 1e-9);
}

}  // namespace

TEST_CASE("toy densities have mass one, and samples follow them") {
    struct Case {
        Toy toy;
        double half, h;
    };
    // Midpoint sums of Gaussians are exact to 1e-8 once h <= sigma / 2 (Poisson summation).
    const Case cases[] = {{ring8(), 1.08, 0.005},
                          {grid25(), 4.4, 0.025},
                          {moons(), 3, 0.05},
                          {checkerboard(), 4.5, 0.05},
                          {spirals(), 4, 0.05}};
    for (const Case& c : cases) {
        CAPTURE(c.toy.name);
        REQUIRE(c.toy.has_density());
        const Integrals sums = integrate(c.toy, c.half, c.h);
        CHECK(sums.mass == doctest::Approx(1).epsilon(1e-6));
        check_samples(c.toy, sums.entropy);
    }
}

TEST_CASE("entropies agree with closed forms") {
    // Separated modes: ln K + ln(2 pi e sigma^2).
    const auto mixture = [](double k, double sigma) {
        return std::log(k) + std::log(2 * std::numbers::pi * std::numbers::e * sigma * sigma);
    };
    CHECK(integrate(ring8(), 1.08, 0.005).entropy ==
          doctest::Approx(mixture(8, 0.01)).epsilon(1e-9));
    check_samples(grid25(), mixture(25, 0.05));
    check_samples(checkerboard(), std::log(32.0));
}

TEST_CASE("the log-density of a mixture is right far away, and agrees with a sum by hand") {
    const PlanarMixture two{.centres = {{0, 0}, {1, 0}}, .sigma = 0.5, .weights = {1, 3}};
    const auto gauss = [](double d2) {
        return std::exp(-d2 / 0.5) / (2 * std::numbers::pi * 0.25);
    };
    CHECK(two.log_density(Point{0.25, 1}) ==
          doctest::Approx(std::log(0.25 * gauss(1.0625) + 0.75 * gauss(1.5625))).epsilon(1e-14));
    CHECK(two.log_density(Point{1001, 0}) ==
          doctest::Approx(-2e6 + std::log(0.75 / (2 * std::numbers::pi * 0.25))).epsilon(1e-12));
}

TEST_CASE("quadrature along a curve agrees with a finer one") {
    const Toy toy = moons();
    const auto arc = [](double t) { return Point{std::cos(t), std::sin(t)}; };
    const auto low = [](double t) { return Point{1 - std::cos(t), 0.5 - std::sin(t)}; };
    const auto one = [](double) { return 1.0; };
    const PlanarMixture a = along_curve(arc, one, std::numbers::pi, 1000, 0.1),
                        b = along_curve(low, one, std::numbers::pi, 1000, 0.1);
    for (const Point p :
         {Point{0, 1}, Point{1, 0}, Point{0.5, 0.25}, Point{-1.2, -0.1}, Point{1.6, -0.4}}) {
        const double expected =
            std::log(0.5 * std::exp(a.log_density(p)) + 0.5 * std::exp(b.log_density(p)));
        CHECK(toy.log_density(tensor({p.x, p.y}, {1, 2}, {.dtype = f64})).item() ==
              doctest::Approx(expected).epsilon(1e-8));
    }
}

TEST_CASE("samples depend on the seed alone and lie around the modes") {
    for (const std::string& name : toy_names()) {
        CAPTURE(name);
        const Toy toy = make_toy(name);
        CHECK(toy.name == name);
        Generator first(3), again(3), other(4);
        const Tensor x = toy.sample(100, first);
        CHECK(x.shape() == Shape{100, 2});
        CHECK(x.dtype() == f32);
        CHECK(toy.sample(100, again).to_vector() == x.to_vector());
        CHECK(toy.sample(100, other).to_vector() != x.to_vector());
        CHECK(toy.sample(0, first).shape() == Shape{0, 2});
    }
    CHECK_FALSE(pinwheel().has_density());
    CHECK(ring8(2, 0.1).modes.shape() == Shape{8, 2});
    CHECK(ring8(2, 0.1).modes.to_vector()[0] == 2);
    CHECK(grid25().modes.to_vector()[0] == -4);
    CHECK(grid25().sigma == 0.05);
}

TEST_CASE("each mode of grid25 gets its share") {
    Generator generator(5);
    std::vector<int> count(25);
    const std::vector<double> x = grid25().sample(25000, generator).to_vector();
    for (std::size_t i = 0; i < x.size(); i += 2)
        ++count[static_cast<std::size_t>(std::lround(x[i] / 2 + 2) * 5 +
                                         std::lround(x[i + 1] / 2 + 2))];
    for (const int c : count) CHECK(std::abs(c - 1000) < 160);  // five standard deviations
}

TEST_CASE("checkerboard: outside and on the light squares the density is zero") {
    const Tensor x = tensor({1, 1, -1, 1, 5, 5, -3, -3, 4, 3}, {5, 2});
    const std::vector<double> log_p = checkerboard().log_density(x).to_vector();
    CHECK(log_p[0] == doctest::Approx(-std::log(32.0)));
    CHECK(std::isinf(log_p[1]));
    CHECK(std::isinf(log_p[2]));
    CHECK(log_p[3] == doctest::Approx(-std::log(32.0)));
    CHECK(std::isinf(log_p[4]));
}

TEST_CASE("toys throw on bad parameters") {
    CHECK_THROWS_WITH_AS(make_toy("moon"),
                         "make_toy: unknown toy 'moon'; expected one of ring8, grid25, moons, "
                         "checkerboard, pinwheel, spirals",
                         Error);
    CHECK_THROWS_WITH_AS(ring8(1, 0), doctest::Contains("sigma must be positive; got 0"), Error);
    CHECK_THROWS_AS(moons(0), Error);
    CHECK_THROWS_AS(pinwheel(0), Error);
    CHECK_THROWS_WITH_AS(ring8().log_density(zeros({3})),
                         doctest::Contains("expected f32 or f64 [n, 2]"), Error);
}
