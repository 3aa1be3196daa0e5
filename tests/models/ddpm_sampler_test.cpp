// D12, D13, D14, D18: from noise to data, with a denoiser that is exact.
#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "models/ddpm/algorithms.h"
#include "models/ddpm/sampler.h"
#include "experiments/metrics/mmd.h"
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

// A linear denoiser makes x_{t-1} = a x_t + b + sigma z of Algorithm 2: a and b.
std::pair<double, double> line(const Schedule& s, const Denoiser& model, std::int64_t t) {
    const Tensor x = column({0, 1});
    const Tensor y =
        ancestral_step(s, x, predicted_noise(s, model, x, whole(2, t)), t, 0, zeros_like(x));
    return {y.to_vector()[1] - y.to_vector()[0], y.to_vector()[0]};
}

// Variances of x_T, .., x_0 under Algorithm 2.
std::vector<double> variances(const Schedule& s, const Denoiser& model, bool tilde, double start) {
    std::vector<double> v{start};
    for (std::int64_t t = s.steps(); t >= 1; --t) {
        const double a = line(s, model, t).first, sigma2 = t == 1  ? 0
                                                           : tilde ? s.posterior_variance(t)
                                                                   : s.beta(t);
        v.push_back(a * a * v.back() + sigma2);
    }
    return v;
}

}  // namespace

TEST_CASE("D12: Algorithm 2 of a linear model is a closed form, and draws no noise at t = 1") {
    const Schedule s = make_schedule("linear", 50);
    constexpr std::int64_t n = 4;
    for (Variance v : {Variance::beta, Variance::beta_tilde}) {
        SampleNoise noise(3, 0, n), same(3, 0, n);
        const Tensor xT = normal({n, 1}, 5), x0 = algorithm2(s, linear_model(), xT, v, noise);
        // of x_T: the product of the a; each z has the product of those that come after it
        double gain = 1;
        std::vector<Tensor> z;
        for (std::int64_t t = 50; t > 1; --t) z.push_back(same.normal({1}, {.dtype = f64}));
        Tensor expected = zeros({n, 1}, {.dtype = f64});
        for (std::int64_t t = 1; t <= 50; ++t) {
            const double sigma =
                std::sqrt(v == Variance::beta ? s.beta(t) : s.posterior_variance(t));
            if (t > 1) expected = expected + z[std::size_t(50 - t)] * (gain * sigma);
            const auto [a, b] = line(s, linear_model(), t);
            expected = expected + gain * b;
            gain *= a;
        }
        CHECK(largest(x0 - (expected + gain * xT)) < 1e-10);
        // The sampler of that name without options is the same.
        SampleNoise third(3, 0, n);
        CHECK(largest(make_sampler(s, {.variance = v == Variance::beta ? "beta" : "beta-tilde"})
                          ->sample(linear_model(), xT, third) -
                      x0) < 1e-10);
    }
}

TEST_CASE(
    "D13: ancestral sampling of N(0, I) keeps the variance with beta, and loses some with "
    "beta-tilde") {
    const Schedule s = make_schedule("linear", 1000);
    CHECK(variances(s, of_standard_normal(s), false, 1).back() ==
          doctest::Approx(.9999).epsilon(1e-12));
    CHECK(variances(s, of_standard_normal(s), true, 1).back() ==
          doctest::Approx(.9910673764).epsilon(1e-10));
}

TEST_CASE("D14: beta-tilde is the best for one point") {
    const Schedule s = make_schedule("linear", 1000);
    const Denoiser model = of_point(s, 0.7);
    const auto deviation = [&](bool tilde, double start) {
        const std::vector<double> v = variances(s, model, tilde, start);
        CHECK(v.back() < 1e-29);
        double worst = 0;
        for (std::int64_t t = 1; t <= 1000; ++t)
            worst = std::max(worst, std::abs(v[std::size_t(1000 - t)] - (1 - s.alpha_bar(t))));
        return worst;
    };
    CHECK(deviation(true, 1 - s.alpha_bar(1000)) < 1e-13);
    CHECK(deviation(true, 1) < 4.04e-5);  // no worse than where it starts
    CHECK(deviation(false, 1) == doctest::Approx(1.652e-3).epsilon(1e-3));
    for (const char* variance : {"beta", "beta-tilde"})
        CHECK(largest(sample(s, model, {.variance = variance}, 8, 1) - 0.7) < 1e-12);
}

TEST_CASE("D18: with the exact denoiser every sampler hits the mixture") {
    const GaussianMixture data = GaussianMixture::isotropic(
        tensor({-1, 0, 1, .5, 0, -1}, {3, 2}, {.dtype = f64}), .04, {1, 2, 3});
    const Schedule s = make_schedule("linear", 250);
    constexpr std::int64_t n = 400;
    Generator generator(18);
    const Tensor truth = data.sample(n, generator);
    const auto p = [&](const Tensor& x) {
        return metrics::mmd(x, truth, {.bandwidths = {.1, .3, 1}}, generator).p;
    };
    SampleNoise noise(9, 0, n);
    const Tensor xT = noise.normal({2}, {.dtype = f64});
    CHECK(p(algorithm2(s, oracle(data, s), xT, Variance::beta, noise)) > .01);
    const SamplerOptions others[] = {{.steps = 100, .variance = "beta-tilde"},
                                     {.name = "ddim", .steps = 50},
                                     {.name = "ddim", .steps = 100, .eta = 1},
                                     {.name = "euler", .steps = 250},
                                     {.name = "heun", .steps = 50},
                                     {.name = "dpm++", .steps = 20}};
    for (const SamplerOptions& each : others) {
        CAPTURE(each.name);
        CHECK(p(sample(s, oracle(data, s), each, n, 2)) > .01);
    }
    CHECK(p(data.sample(n, generator) + 0.1) < .01);  // the test sees a shift of half a deviation
}

TEST_CASE("samplers that are the same in special cases") {
    const Schedule s = make_schedule("cosine", 40);
    const Denoiser exact = oracle(bimodal(0.3), s);
    const auto run = [&](const SamplerOptions& o) { return sample(s, exact, o, 16, 1); };
    CHECK(largest(run({.name = "ddim", .eta = 1}) - run({.variance = "beta-tilde"})) < 1e-10);
    CHECK(largest(run({.name = "ddim", .steps = 7, .eta = 1}) -
                  run({.steps = 7, .variance = "beta-tilde"})) < 1e-10);
    // one step of first order
    CHECK(largest(run({.name = "dpm++", .steps = 2}) - run({.name = "ddim", .steps = 2})) < 1e-12);
    // Learned variances at the ends of their range are the fixed ones.
    for (const double v : {-1.0, 1.0}) {
        const auto with_v = [&](const Tensor& x, const Tensor& t) {
            return concat({exact(x, t).predicted, full_like(x, v)}, 1);
        };
        const Tensor x = sample(s, Denoiser(with_v, Prediction::noise, true),
                                {.steps = 10, .variance = "learned"}, 16, 1);
        CHECK(largest(x - run({.steps = 10, .variance = v == 1 ? "beta" : "beta-tilde"})) < 1e-12);
    }
    // A denoiser of another kind says the same.
    for (const Prediction kind : {Prediction::x0, Prediction::v, Prediction::mean}) {
        const Denoiser other(
            [&](const Tensor& x, const Tensor& t) {
                return convert(s, Prediction::noise, kind, exact(x, t).predicted, x, t);
            },
            kind);
        for (const std::string& name : sampler_names()) {
            CAPTURE(name);
            CHECK(largest(sample(s, other, {.name = name, .steps = 10}, 16, 1) -
                          run({.name = name, .steps = 10})) < 1e-9);
        }
    }
}

TEST_CASE("D19: a sample takes T evaluations, or S, or 2 S - 1") {
    const Schedule s = make_schedule("linear", 100);
    const auto evaluations = [&](const SamplerOptions& o) {
        int count = 0;
        const Denoiser counting([&](const Tensor& x, const Tensor&) {
            ++count;
            return x * 0.5;
        });
        CHECK(sample(s, counting, o, 3, 7).shape() == Shape{3, 7});  // x_T is as large as the data
        return count;
    };
    CHECK(evaluations({}) == 100);
    for (const char* name : {"ancestral", "ddim", "euler", "dpm++"})
        CHECK(evaluations({.name = name, .steps = 10}) == 10);
    CHECK(evaluations({.name = "heun", .steps = 10}) == 19);
    CHECK(evaluations({.steps = 1}) == 1);
}

TEST_CASE("a sampler visits integer times, or times even in log-snr, from T to 1") {
    const Schedule s = make_schedule("linear", 1000);
    const auto times = [&](const SamplerOptions& o) { return make_sampler(s, o)->times(); };
    CHECK(times({.steps = 4}) == std::vector<double>{1000, 667, 334, 1});
    CHECK(times({.steps = 1}) == std::vector<double>{1000});
    CHECK(times({.steps = 2, .from = 300}) == std::vector<double>{300, 1});
    CHECK(times({}).size() == 1000);
    const std::vector<double> dpm = times({.name = "dpm++", .steps = 20});
    CHECK(dpm.front() == 1000);
    CHECK(dpm.back() == 1);
    const auto lambda = [&](double t) {
        return std::log(s.alpha_bar_at(t) / (1 - s.alpha_bar_at(t)));
    };
    for (std::size_t i = 1; i < dpm.size(); ++i)
        CHECK(lambda(dpm[i]) - lambda(dpm[i - 1]) ==
              doctest::Approx((lambda(1) - lambda(1000)) / 19).epsilon(1e-9));
    CHECK(times({.name = "dpm++", .steps = 4, .spacing = "time"}) == times({.steps = 4}));
    for (const std::string& name : schedule_names()) {  // every grid goes down
        const Schedule other = make_schedule(name, 60);
        for (std::int64_t steps : {1, 2, 3, 17, 60})
            for (const char* spacing : {"time", "log-snr"}) {
                const std::vector<double> t =
                    make_sampler(other, {.name = "dpm++", .steps = steps, .spacing = spacing})
                        ->times();
                CHECK(t.size() == std::size_t(steps));
                CHECK(std::is_sorted(t.rbegin(), t.rend(), std::less_equal<>()));
            }
    }
}

TEST_CASE("an observer gets x and the predicted x_0 at every time, clipped if asked for") {
    const Schedule s = make_schedule("linear", 100);
    const Denoiser exact = oracle(bimodal(0.5), s);
    SampleNoise noise(1, 0, 32);
    const Tensor xT = noise.normal({1}, {.dtype = f64});
    std::vector<double> seen;
    Tensor last;
    const auto sampler = make_sampler(s, {.name = "ddim", .steps = 10, .clip_x0 = true});
    const Tensor out =
        sampler->sample(exact, xT, noise, [&](double t, const Tensor& x, const Tensor& x0) {
            seen.push_back(t);
            CHECK(largest(x0) <= 1);
            if (seen.size() == 1) CHECK(largest(x - xT) == 0);
            last = x0;
        });
    CHECK(seen == sampler->times());
    CHECK(largest(out - last) == 0);
    CHECK_FALSE(out.requires_grad());
}

TEST_CASE("a bad sampler throws, with the allowed values") {
    const Schedule s = make_schedule("linear", 100);
    const auto make = [&](const SamplerOptions& o) { return make_sampler(s, o); };
    CHECK_THROWS_WITH_AS(
        make({.name = "ddmi"}),
        "ddpm: unknown sampler 'ddmi'; expected one of ancestral, ddim, euler, heun, dpm++", Error);
    CHECK_THROWS_WITH_AS(
        make({.steps = 101}),
        "ddpm: bad number of sampling steps; got 101; expected 1 to 100, the steps of the schedule",
        Error);
    CHECK_THROWS_WITH_AS(make({.steps = -1}), doctest::Contains("expected 1 to 100"), Error);
    CHECK_THROWS_WITH_AS(make({.variance = "big"}), doctest::Contains("unknown variance 'big'"),
                         Error);
    CHECK_THROWS_WITH_AS(make({.name = "ddim", .eta = 1.5}), doctest::Contains("eta leaves [0, 1]"),
                         Error);
    CHECK_THROWS_WITH_AS(make({.name = "heun", .eta = 0.5}),
                         "ddpm: eta belongs to ddim; got eta 0.5 with sampler heun", Error);
    CHECK_THROWS_WITH_AS(make({.name = "ddim", .spacing = "even"}),
                         doctest::Contains("expected one of time, log-snr"), Error);
    CHECK_THROWS_WITH_AS(make({.spacing = "log-snr"}), doctest::Contains("integer times"), Error);
    CHECK_THROWS_WITH_AS(make({.from = 101}), doctest::Contains("expected 1 to 100"), Error);
    CHECK_THROWS_WITH_AS(sample(s, linear_model(), {.variance = "learned"}, 2, 1),
                         doctest::Contains("has not learned its variances"), Error);
    SampleNoise noise(1, 0, 3);
    CHECK_THROWS_WITH_AS(noise.normal_like(zeros({2, 2})),
                         doctest::Contains("has noise for 3 samples; got f32 [2, 2]"), Error);
    CHECK_THROWS_WITH_AS(SampleNoise(1, -1, 3), doctest::Contains("negative"), Error);
    CHECK(SampleNoise(1, 0, 0).normal({2}).shape() == Shape{0, 2});
}
