// The energies of Rezende & Mohamed 2015, table 1, and what must be added to three of them (E9).
#include "models/flow/target.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/files.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::flow;
using namespace eps::test;

namespace {

constexpr double kPi = std::numbers::pi;

// The energies on the plane as the paper has them, with numbers for tensors. U1 .. U4.
double literal(const std::string& name, double z1, double z2) {
    const double w1 = std::sin(2 * kPi * z1 / 4);
    const double w2 = 3 * std::exp(-.5 * std::pow((z1 - 1) / .6, 2));
    const double w3 = 3 / (1 + std::exp(-(z1 - 1) / .3));
    const auto g = [](double x, double s) { return std::exp(-.5 * (x / s) * (x / s)); };
    if (name == "U1")
        return .5 * std::pow((std::hypot(z1, z2) - 2) / .4, 2) -
               std::log(g(z1 - 2, .6) + g(z1 + 2, .6));
    if (name == "U2") return .5 * std::pow((z2 - w1) / .4, 2);
    if (name == "U3") return -std::log(g(z2 - w1, .35) + g(z2 - w1 + w2, .35));
    return -std::log(g(z2 - w1, .4) + g(z2 - w1 + w3, .35));
}

// log of the integral of exp(-U) over |z1| <= a, |z2| <= b, by the trapezoid rule.
double quadrature(const Energy& target, double a, double b, std::int64_t n) {
    const Tensor z1 = linspace(-a, a, n, {.dtype = f64}), z2 = linspace(-b, b, n, {.dtype = f64});
    const Tensor grid = stack({flatten(expand(unsqueeze(z1, 1), {n, n}), 0),
                               flatten(expand(unsqueeze(z2, 0), {n, n}), 0)},
                              1);
    const double cell = 2 * a / static_cast<double>(n - 1) * 2 * b / static_cast<double>(n - 1);
    return logsumexp(-target.energy(grid)).item() + std::log(cell);
}

}  // namespace

TEST_CASE("energies U1 to U4 are the paper's, and log_z what quadrature gives") {
    Generator generator(1);
    const Tensor z = randn({200, 2}, {.dtype = f64}, generator) * 1.2;
    const std::vector<double> at = z.to_vector();
    for (const Energy& target : energies()) {
        CAPTURE(target.name);
        const std::vector<double> values = target.energy(z).to_vector();
        for (std::size_t i = 0; i < values.size(); ++i)
            if (std::abs(at[2 * i]) < 4)
                CHECK(std::abs(values[i] - literal(target.name, at[2 * i], at[2 * i + 1])) <
                      1e-9 * (1 + std::abs(values[i])));
        CHECK(std::abs(quadrature(target, 6.5, 7.5, 801) - target.log_z) < 1e-6);
    }
    const double published[] = {1.8775, 2.1575, 2.7171, 2.7861};
    for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(energies()[i].log_z - published[i]) < 5e-5);
}

TEST_CASE("E9: without an envelope the integrals of U2, U3 and U4 grow with the box for ever") {
    for (const std::string name : {"U2", "U3", "U4"}) {
        CAPTURE(name);
        const auto integral = [&](double a) {  // midpoints
            double sum = 0;
            for (double z1 = -a + .05; z1 < a; z1 += .1)
                for (double z2 = -7.95; z2 < 8; z2 += .1)
                    sum += std::exp(-literal(name, z1, z2)) * .01;
            return sum;
        };
        const double i4 = integral(4), i8 = integral(8), i16 = integral(16);
        CHECK(i8 > 1.9 * i4);
        CHECK(i16 - i8 == doctest::Approx(2 * (i8 - i4)).epsilon(1e-3));  // linearly
        // With it, nothing is left out there.
        CHECK(quadrature(energy(name), 6, 8, 401) ==
              doctest::Approx(quadrature(energy(name), 12, 8, 801)).epsilon(1e-6));
    }
}

TEST_CASE("energies: names, shapes and gradients") {
    CHECK(energy("U3").name == "U3");
    CHECK(message_of([] { energy("U5"); }) ==
          "flow: unknown energy 'U5'; expected one of U1, U2, U3, U4");
    for (const Energy& target : energies()) {
        CHECK_THROWS_AS(target.energy(zeros({3, 3})), Error);
        CHECK(target.energy(zeros({0, 2})).shape() == Shape{0});
        Tensor far = tensor({100, -100, 0, 0, -30, 5}, {3, 2}).requires_grad_();
        const Tensor u = target.energy(far);
        CHECK(all(isfinite(u)).item() == 1);
        backward(sum(u));
        CHECK(all(isfinite(far.grad())).item() == 1);
    }
}
