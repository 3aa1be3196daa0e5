// How fast the samplers converge, measured with an exact denoiser.
#include <doctest/doctest.h>

#include <cmath>

#include "models/ddpm/sampler.h"
#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

namespace {

// The noise of `count` samples of dimension `size`, and then that of their way down.
Tensor sample(const Schedule& s, const Denoiser& denoiser, const SamplerOptions& options,
              std::int64_t count, std::int64_t size) {
    SampleNoise noise(1, 0, count);
    const Tensor xT = noise.normal({size}, {.dtype = f64});
    return make_sampler(s, options)->sample(denoiser, xT, noise);
}

}  // namespace

TEST_CASE("samplers of the ODE converge with their order") {
    const Schedule s = make_schedule("linear", 1025);
    const Denoiser exact = oracle(bimodal(0.5), s);
    const auto at = [&](const std::string& name, std::int64_t steps) {
        return sample(s, exact, {.name = name, .steps = steps}, 32, 1);
    };
    const Tensor limit = at("heun", 1025);
    // of log error over log stride, least squares over a grid of steps
    const auto slope = [&](const std::string& name) {
        std::vector<double> x, y;
        for (std::int64_t strides : {16, 32, 64, 128}) {
            x.push_back(std::log(1.0 / static_cast<double>(strides)));
            y.push_back(std::log(norm(at(name, strides + 1) - limit).item()));
        }
        double mx = 0, my = 0, xx = 0, xy = 0;
        for (std::size_t i = 0; i < 4; ++i) mx += x[i] / 4, my += y[i] / 4;
        for (std::size_t i = 0; i < 4; ++i)
            xx += (x[i] - mx) * (x[i] - mx), xy += (x[i] - mx) * (y[i] - my);
        return xy / xx;
    };
    const std::pair<std::string, double> orders[] = {
        {"ddim", 1}, {"euler", 1}, {"heun", 2}, {"dpm++", 2}};
    for (const auto& [sampler, order] : orders) {
        const std::string name = sampler;
        CAPTURE(name);
        const double measured = slope(name);
        CHECK(std::abs(measured - order) < 0.2);
        MESSAGE(name, ": order ", measured);
    }
}

TEST_CASE("ancestral sampling converges in law with order 1") {
    // Data N(0, v): everything is Gaussian, and a stride takes the variance w to a^2 w + sigma^2.
    const Schedule s = make_schedule("linear", 1025);
    constexpr double v = 0.5;
    const GaussianMixture data = GaussianMixture::isotropic(column({0}), v);
    for (bool tilde : {false, true}) {
        CAPTURE(tilde);
        const auto error = [&](std::int64_t strides) {
            const std::vector<double> times = make_sampler(s, {.steps = strides + 1})->times();
            const auto variance_at = [&](double t) {
                return s.alpha_bar_at(t) * v + 1 - s.alpha_bar_at(t);
            };
            double w = variance_at(1025);
            for (std::size_t i = 0; i + 1 < times.size(); ++i) {
                const Coefficients c = s.between(times[i], times[i + 1]);
                const Tensor one = column({1}), x0 = predict(s, oracle(data, s), times[i], one).x0;
                const double a = posterior_mean(c, x0, one).item();
                w = a * a * w + (tilde ? c.posterior_variance() : c.beta).item();
            }
            return std::abs(w - variance_at(1));
        };
        const double slope = std::log(error(32) / error(128)) / std::log(4.0);
        CHECK(std::abs(slope - 1) < 0.2);
        MESSAGE("ancestral: order ", slope);
    }
}

TEST_CASE("without signal at T, predictions of x0 and v can be sampled from, of noise not") {
    const Schedule s = make_schedule("zero-snr", 200);
    const GaussianMixture data = bimodal(0.2);
    const auto of_kind = [&](Prediction kind) {
        // E x_0 = (x + (1 - ab) score) / sqrt(ab), and the mean of the data where ab = 0
        return Denoiser(
            [=](const Tensor& x, const Tensor& t) {
                const Tensor bar = s.at(t, x).alpha_bar, none = eq(bar, 0.0);
                const Tensor safe = where(none, ones_like(bar), bar);
                const Tensor x0 =
                    where(none, zeros_like(x),
                          (x + (1.0 - bar) * diffused(data, bar).score(x)) / sqrt(safe));
                return from_x0(s.at(t, x), kind, x0, x);
            },
            kind);
    };
    for (const char* name : {"ancestral", "ddim", "dpm++"})
        for (Prediction kind : {Prediction::x0, Prediction::v}) {
            CAPTURE(name);
            const Tensor x =
                sample(s, of_kind(kind),
                       {.name = name, .steps = name == std::string("dpm++") ? 20 : 100}, 400, 1);
            CHECK(std::abs(mean(abs(x)).item() - 1) < 0.1);
            CHECK(std::abs(mean(x).item()) < 0.25);
        }
    CHECK_THROWS_WITH_AS(sample(s, of_kind(Prediction::noise), {.name = "ddim", .steps = 10}, 4, 1),
                         doctest::Contains("predict x0 or v"), Error);
    CHECK_THROWS_WITH_AS(make_sampler(s, {.name = "heun"}),
                         doctest::Contains("heun cannot start where alpha_bar_T = 0"), Error);
}

TEST_CASE("DDIM inversion and sampling return to x_0 with an error that falls with the steps") {
    const Schedule s = make_schedule("linear", 1000);
    const GaussianMixture data =
        GaussianMixture::isotropic(tensor({-1, 0, 1, .5, 0, -1}, {3, 2}, {.dtype = f64}), .04);
    const Denoiser exact = oracle(data, s);
    Generator generator(4);
    const Tensor x = data.sample(16, generator);
    SampleNoise none(0, 0, 16);
    double before = INFINITY;
    for (std::int64_t steps : {10, 20, 50, 100, 200, 500, 1000}) {
        const Tensor back = make_sampler(s, {.name = "ddim", .steps = steps})
                                ->sample(exact, ddim_invert(s, exact, x, steps), none);
        const double error = mean(square(back - x)).item();
        CAPTURE(steps);
        CHECK(error < before);
        before = error;
    }
    CHECK(before < 1e-3);
}
