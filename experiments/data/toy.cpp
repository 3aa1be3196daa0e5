#include "experiments/data/toy.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

#include "experiments/data/planar_mixture.h"
#include "tensor/create.h"
#include "tensor/names.h"

namespace eps::data {
namespace {

using std::numbers::pi;

struct Named {
    const char* name;
    Toy (*make)();
};
constexpr Named kToys[] = {
    {"ring8", [] { return ring8(); }},       {"grid25", [] { return grid25(); }},
    {"moons", [] { return moons(); }},       {"checkerboard", checkerboard},
    {"pinwheel", [] { return pinwheel(); }}, {"spirals", [] { return spirals(); }},
};

void check_positive(const char* toy, const char* parameter, double value) {
    check(value > 0 && std::isfinite(value), toy, parameter, " must be positive; got ", value);
}

// The random numbers of one sample.
struct Draw {
    double u;                 // uniform in [0, 1)
    std::int64_t choice;      // uniform in {0, ..., choices - 1}
    double noise_x, noise_y;  // standard normal
};

// n samples point(draw), each with a draw of its own.
template <class F>
Tensor sample_each(std::int64_t n, std::int64_t choices, Generator& generator, F&& point) {
    check(n >= 0, "sample", "negative count; got ", n);
    const Tensor u = rand({n}, generator);
    const Tensor choice = randint(0, choices, {n}, generator);
    const Tensor noise = randn({n, 2}, generator);
    Tensor out = empty({n, 2});
    float* const to = out.data<float>();
    for (std::int64_t i = 0; i < n; ++i) {
        const float* const z = noise.data<float>() + 2 * i;
        const Point p = point(Draw{u.data<float>()[i], choice.data<std::int64_t>()[i], z[0], z[1]});
        to[2 * i] = static_cast<float>(p.x);
        to[2 * i + 1] = static_cast<float>(p.y);
    }
    return out;
}

Toy gaussians(std::string name, std::vector<Point> means, double sigma) {
    check_positive(name.c_str(), "sigma", sigma);
    std::vector<double> flat;
    for (const Point& m : means) flat.insert(flat.end(), {m.x, m.y});
    const auto count = static_cast<std::int64_t>(means.size());
    const PlanarMixture mixture{.centres = std::move(means), .sigma = sigma, .weights = {}};
    return {.name = std::move(name),
            .sample =
                [mixture](std::int64_t n, Generator& generator) {
                    return sample_each(
                        n, std::ssize(mixture.centres), generator, [&](const Draw& d) {
                            const Point& mean = mixture.centres[static_cast<std::size_t>(d.choice)];
                            return Point{mean.x + mixture.sigma * d.noise_x,
                                         mean.y + mixture.sigma * d.noise_y};
                        });
                },
            .log_density = [mixture](const Tensor& x) { return mixture.log_density(x); },
            .modes = tensor(flat, {count, 2}, {.dtype = f64}),
            .sigma = sigma};
}

// Two curves with noise. Each is chosen with probability 1/2, at t = quantile(u).
template <class Curve, class Quantile>
Toy two_curves(const char* name, Curve curve, Quantile quantile, PlanarMixture density) {
    const double sigma = density.sigma;
    return {.name = name,
            .sample =
                [=](std::int64_t n, Generator& generator) {
                    return sample_each(n, 2, generator, [&](const Draw& d) {
                        const Point c = curve(d.choice == 1, quantile(d.u));
                        return Point{c.x + sigma * d.noise_x, c.y + sigma * d.noise_y};
                    });
                },
            .log_density =
                [mixture = std::move(density)](const Tensor& x) { return mixture.log_density(x); },
            .modes = {},
            .sigma = sigma};
}

// Both curves as one mixture. The panels are short enough for the accuracy that along_curve states:
// the curves move at most `arc_speed` per unit of t.
template <class Curve, class Density>
PlanarMixture both_curves(Curve curve, Density density, double parameter_length, double arc_speed,
                          double sigma) {
    const int panels = static_cast<int>(std::ceil(parameter_length * arc_speed / (sigma / 2)));
    PlanarMixture all = along_curve([&](double t) { return curve(false, t); }, density,
                                    parameter_length, panels, sigma);
    const PlanarMixture other = along_curve([&](double t) { return curve(true, t); }, density,
                                            parameter_length, panels, sigma);
    all.centres.insert(all.centres.end(), other.centres.begin(), other.centres.end());
    all.weights.insert(all.weights.end(), other.weights.begin(), other.weights.end());
    return all;
}

void check_noise(const char* toy, double sigma) {
    check(sigma >= 1e-3 && std::isfinite(sigma), toy,
          "sigma must be at least 1e-3, since the density is an integral along the curve; got ",
          sigma);
}

constexpr double kSquare = 2;  // the side of a square of the checkerboard
constexpr double kEdge = 4;    // half the side of the checkerboard

bool on_dark_square(Point p) {
    const double column = std::floor(p.x / kSquare), row = std::floor(p.y / kSquare);
    return std::abs(p.x) <= kEdge && std::abs(p.y) <= kEdge && p.x < kEdge && p.y < kEdge &&
           std::fmod(column + row, 2) == 0;
}

// A coordinate in the square that begins at `from`. Rounding to f32 must not leave the square.
double within(double from, double u) {
    const float below =
        std::nextafter(static_cast<float>(from + kSquare), -std::numeric_limits<float>::infinity());
    return std::min(static_cast<float>(from + kSquare * u), below);
}

}  // namespace

Toy ring8(double radius, double sigma) {
    check_positive("ring8", "radius", radius);
    std::vector<Point> means;
    for (int i = 0; i < 8; ++i)
        means.push_back({radius * std::cos(2 * pi * i / 8), radius * std::sin(2 * pi * i / 8)});
    return gaussians("ring8", std::move(means), sigma);
}

Toy grid25(double sigma) {
    std::vector<Point> means;
    for (int i = -2; i <= 2; ++i)
        for (int j = -2; j <= 2; ++j) means.push_back({2.0 * i, 2.0 * j});
    return gaussians("grid25", std::move(means), sigma);
}

Toy moons(double sigma) {
    check_noise("moons", sigma);
    const auto curve = [](bool lower, double t) {
        return lower ? Point{1 - std::cos(t), 0.5 - std::sin(t)} : Point{std::cos(t), std::sin(t)};
    };
    PlanarMixture density = both_curves(
        curve, [](double) { return 1.0; }, pi, 1, sigma);
    return two_curves(
        "moons", curve, [](double u) { return pi * u; }, std::move(density));
}

Toy checkerboard() {
    Toy toy{.name = "checkerboard", .sample = {}, .log_density = {}, .modes = {}};
    toy.sample = [](std::int64_t n, Generator& generator) {
        check(n >= 0, "sample", "negative count; got ", n);
        const Tensor u = rand({n, 2}, generator), square = randint(0, 8, {n}, generator);
        Tensor out = empty({n, 2});
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int64_t row = square.data<std::int64_t>()[i] / 2,
                               column = 2 * (square.data<std::int64_t>()[i] % 2) + row % 2;
            const float* const from = u.data<float>() + 2 * i;
            out.data<float>()[2 * i] =
                static_cast<float>(within(kSquare * static_cast<double>(column) - kEdge, from[0]));
            out.data<float>()[2 * i + 1] =
                static_cast<float>(within(kSquare * static_cast<double>(row) - kEdge, from[1]));
        }
        return out;
    };
    toy.log_density = [](const Tensor& x) {
        const std::vector<Point> points = rows_of(x, "log_density");
        Tensor out = empty({std::ssize(points)}, {.dtype = f64});
        std::transform(points.begin(), points.end(), out.data<double>(), [](Point p) {
            return on_dark_square(p) ? -std::log(8 * kSquare * kSquare)
                                     : -std::numeric_limits<double>::infinity();
        });
        return out;
    };
    return toy;
}

Toy pinwheel(int arms, double radial, double tangential, double rate) {
    check(arms >= 1, "pinwheel", "needs at least one arm; got ", arms);
    check_positive("pinwheel", "radial", radial);
    check_positive("pinwheel", "tangential", tangential);
    Toy toy{.name = "pinwheel", .sample = {}, .log_density = {}, .modes = {}};
    toy.sample = [=](std::int64_t n, Generator& generator) {
        return sample_each(n, arms, generator, [&](const Draw& d) {
            const double along = 1 + radial * d.noise_x, across = tangential * d.noise_y;
            const double angle =
                2 * pi * static_cast<double>(d.choice) / arms + rate * std::exp(along);
            return Point{along * std::cos(angle) - across * std::sin(angle),
                         along * std::sin(angle) + across * std::cos(angle)};
        });
    };
    return toy;
}

Toy spirals(double sigma) {
    check_noise("spirals", sigma);
    constexpr double kLength = 3 * pi;
    const auto curve = [](bool turned, double t) {
        const double r = (turned ? -t : t) / 3;
        return Point{-r * std::cos(t), r * std::sin(t)};
    };
    // t = 3 pi sqrt(u) has the density 2 t / (3 pi)^2; the speed of the curve is sqrt(1 + t^2) / 3.
    PlanarMixture density = both_curves(
        curve, [](double t) { return t; }, kLength, std::sqrt(1 + kLength * kLength) / 3, sigma);
    return two_curves(
        "spirals", curve, [](double u) { return kLength * std::sqrt(u); }, std::move(density));
}

std::vector<std::string> toy_names() { return names_in(kToys); }

Toy make_toy(const std::string& name) { return by_name("make_toy", "toy", kToys, name).make(); }

}  // namespace eps::data
