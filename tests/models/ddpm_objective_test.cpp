// D8, D10, D11, D15 and D17: what a denoiser is trained on.
#include <doctest/doctest.h>

#include "models/ddpm/algorithms.h"
#include "models/ddpm/times.h"
#include "experiments/metrics/bits_per_dim.h"
#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

TEST_CASE("D8: L_T is next to nothing") {
    const Schedule s = make_schedule("linear", 1000);
    const Tensor bits = bound_prior(s, column({.5, 1})) / std::log(2.0);
    CHECK(std::abs(bits.to_vector()[0] - 7.2787e-06) < 1e-9);
    CHECK(std::abs(bits.to_vector()[1] - 2.9113e-05) < 1e-9);
    CHECK(metrics::bits_per_dim(784 * std::log(2.0), 784) == doctest::Approx(1));
}

TEST_CASE("D10: the KL of a step is the weight times the error of the noise") {
    const Schedule s = make_schedule("linear", 1000);
    const double of_beta[][2] = {{1, .500050005},    {2, .2726920843},   {10, .0737170159},
                                 {100, .0100812637}, {500, .0055034319}, {1000, .0102044935}};
    for (const auto& [t, w] : of_beta)
        CHECK(bound_weight(s, static_cast<std::int64_t>(t), false) ==
              doctest::Approx(w).epsilon(1e-8));
    CHECK(bound_weight(s, 2, true) == doctest::Approx(.5996715122).epsilon(1e-9));
    CHECK(std::isinf(bound_weight(s, 1, true)));

    const Tensor x0 = normal({3, 2, 2}, 1), noise = normal({3, 2, 2}, 2);
    const Tensor guess = normal({3, 2, 2}, 3);
    for (std::int64_t t : {2, 10, 100, 500, 1000})
        for (bool tilde : {false, true}) {
            CAPTURE(t);
            const Tensor time = whole(3, t), xt = diffuse(s, x0, time, noise);
            const Normal q = posterior(s, xt, x0, time);
            const Normal p = reverse(s, Prediction::noise, guess, xt, time,
                                     tilde ? Variance::beta_tilde : Variance::beta);
            const Tensor error = sum(square(noise - guess), {1, 2});
            const Tensor of_means =
                sum(square(q.mean - p.mean), {1, 2}) / (2 * p.variance.to_vector()[0]);
            CHECK(largest(of_means / (error * bound_weight(s, t, tilde)) - 1.0) < 1e-10);
            // The whole KL has what does not depend on the model beside it: nothing, where the
            // variances are equal.
            const double ratio = s.posterior_variance(t) / p.variance.to_vector()[0];
            const double constant = 0.5 * 4 * (ratio - 1 - std::log(ratio));
            CHECK(largest(bound_term(s, p, x0, xt, time, Decoder::density) - of_means - constant) <
                  1e-10 * largest(of_means));
        }
}

TEST_CASE(
    "D11: t is uniform on 1 .. T, both included, and Algorithm 1 descends the squared error") {
    constexpr std::int64_t T = 1000, n = 200000;
    Generator generator(11);
    const DrawnTimes drawn = UniformTimes(T).draw(n, generator);
    std::vector<double> counts(T, 0);
    for (double t : drawn.t.to_vector()) counts.at(static_cast<std::size_t>(t) - 1) += 1;
    double chi2 = 0;
    for (double count : counts)
        chi2 += (count - double(n) / T) * (count - double(n) / T) / (double(n) / T);
    CHECK(chi2 < 1142.8);  // p = 1e-3 with 999 degrees of freedom
    CHECK(counts.front() > 0);
    CHECK(counts.back() > 0);
    CHECK(largest(drawn.weight - 1.0) == 0);

    // eps_theta(x, t) = w x: the gradient of the mean of (eps - w x_t)^2 is the mean of 2 (w x_t -
    // eps) x_t.
    const Schedule s = make_schedule("linear", T);
    const Tensor w = Tensor(0.4, {.dtype = f64}).requires_grad_(), x0 = normal({64, 3}, 4);
    Tensor seen_x, seen_t;
    const Denoiser model([&](const Tensor& x, const Tensor& t) {
        seen_x = x;
        seen_t = t;
        return w * x;
    });
    Generator a(5), b(5);
    const Tensor loss = algorithm1(s, model, x0, a);
    backward(loss);
    const Coefficients c = s.at(seen_t, seen_x);
    const Tensor eps = (seen_x - sqrt(c.alpha_bar) * x0) / sqrt(1.0 - c.alpha_bar);
    CHECK(std::abs(w.grad().item() - mean(2.0 * (0.4 * seen_x - eps) * seen_x).item()) < 1e-12);
    // training_loss without options is the same loss.
    const Tensor t = UniformTimes(T).draw(64, b).t, noise = randn({64, 3}, {.dtype = f64}, b);
    CHECK(std::abs(mean(training_loss(s, model, x0, t, noise, {})).item() - loss.item()) < 1e-14);
}

TEST_CASE("D15: the discretised decoder is a distribution over 256 values") {
    const Tensor values = linspace(-1, 1, 256, {.dtype = f64});
    for (double m : {-1.4, -0.3, 0.001, 0.999})
        for (double deviation : {1e-3, 0.01, 0.3, 4.0}) {
            CAPTURE(m);
            CAPTURE(deviation);
            const Normal p{full({256, 1}, m, {.dtype = f64}),
                           full({256, 1}, deviation * deviation, {.dtype = f64})};
            const Tensor log_prob = discretised_log_prob(reshape(values, {256, 1}), p);
            CHECK(std::abs(sum(exp(log_prob)).item() - 1) < 1e-12);
            CHECK(isfinite(sum(log_prob)).item() == 1);  // however far in the tail
            // Against the plain difference of distribution functions, where that has digits.
            const auto Phi = [&](double x) {
                return 0.5 * std::erfc(-(x - m) / deviation / std::sqrt(2.0));
            };
            const auto v = values.to_vector(), l = log_prob.to_vector();
            for (std::size_t i = 0; i < 256; ++i) {
                const double plain =
                    (i == 255 ? 1 : Phi(v[i] + 1. / 255)) - (i == 0 ? 0 : Phi(v[i] - 1. / 255));
                if (plain > 1e-6) REQUIRE(std::abs(std::exp(l[i]) - plain) < 1e-13);
            }
        }
    const Tensor x0 = column({-1, -0.5019607843137255, 1});
    gradcheck(
        [&](const std::vector<Tensor>& in) {
            return discretised_log_prob(x0, {in[0], exp(in[1])});
        },
        {column({-0.97, -0.45, 0.9}).requires_grad_(), column({-6, -5, -4}).requires_grad_()},
        {.name = "discretised_log_prob"});
}

TEST_CASE("D17: L_T, L_{t-1} and L_0 are differentiable in beta") {
    const Tensor x0 = normal({3, 2}, 6), noise = normal({3, 2}, 7);
    const Denoiser model([](const Tensor& x, const Tensor&) { return tanh(0.7 * x); });
    const auto term = [&](std::int64_t t, Variance v, Decoder decoder) {
        return [&, t, v, decoder](const std::vector<Tensor>& in) {
            const Schedule s(in[0]);
            const Tensor time = whole(3, t), xt = diffuse(s, x0, time, noise);
            return bound_term(s, reverse(s, model, xt, time, v), x0, xt, time, decoder);
        };
    };
    const auto betas = [] {
        return std::vector{tensor({.1, .2, .3, .4}, {4}, {.dtype = f64}).requires_grad_()};
    };
    const GradcheckOptions within{.absolute = 1e-6, .relative = 1e-5};
    CHECK_NOTHROW(
        gradcheck([&](const std::vector<Tensor>& in) { return bound_prior(Schedule(in[0]), x0); },
                  betas(), within));
    for (Variance v : {Variance::beta, Variance::beta_tilde, Variance::beta_tilde_clipped}) {
        for (std::int64_t t : {2, 4})
            CHECK_NOTHROW(gradcheck(term(t, v, Decoder::density), betas(), within));
        CHECK_NOTHROW(gradcheck(term(1, v, Decoder::density), betas(), within));
        CHECK_NOTHROW(gradcheck(term(1, v, Decoder::discretised), betas(), within));
    }
}

TEST_CASE("the losses by name") {
    const Schedule s = make_schedule("cosine", 100);
    const Tensor x0 = normal({5, 2}, 8), noise = normal({5, 2}, 9);
    const Tensor t = tensor({1, 2, 30, 99, 100}, {5}, {.dtype = i64});
    const auto loss = [&](const Denoiser& d, const LossOptions& o) {
        return training_loss(s, d, x0, t, noise, o);
    };
    const Denoiser model = linear_model();
    const Tensor simple = loss(model, {});

    SUBCASE("min-snr weighs noise by min(SNR, gamma) / SNR, so that all kinds have one loss") {
        const Tensor xt = diffuse(s, x0, t, noise), weighted = loss(model, {.name = "min-snr"});
        for (std::size_t i = 0; i < 5; ++i) {
            const double snr = s.snr(static_cast<std::int64_t>(t.to_vector()[i]));
            CHECK(weighted.to_vector()[i] ==
                  doctest::Approx(simple.to_vector()[i] * std::min(snr, 5.0) / snr));
        }
        for (Prediction kind : {Prediction::x0, Prediction::v}) {
            const Denoiser same(
                [&](const Tensor& x, const Tensor& at) {
                    return convert(s, Prediction::noise, kind, model(x, at).predicted, x, at);
                },
                kind);
            CHECK(largest(loss(same, {.name = "min-snr"}) / weighted - 1.0) < 1e-9);
        }
        const Denoiser mean([](const Tensor& x, const Tensor&) { return x; }, Prediction::mean);
        CHECK_THROWS_WITH_AS(loss(mean, {.name = "min-snr"}),
                             doctest::Contains("weights the loss of noise, x0 or v"), Error);
    }
    SUBCASE("bound is T times the term, an element") {
        const Tensor xt = diffuse(s, x0, t, noise);
        const Tensor term = bound_term(s, reverse(s, model, xt, t, Variance::beta_tilde), x0, xt, t,
                                       Decoder::density);
        CHECK(largest(loss(model, {.name = "bound",
                                   .variance = Variance::beta_tilde,
                                   .decoder = Decoder::density}) -
                      term * (100.0 / 2)) < 1e-12);
    }
    SUBCASE("hybrid trains the mean by simple and the variance by the bound") {
        const Tensor a = Tensor(0.5, {.dtype = f64}).requires_grad_();
        const Tensor b = Tensor(0.2, {.dtype = f64}).requires_grad_();
        const Denoiser learned(
            [&](const Tensor& x, const Tensor&) {
                return concat({a * x, b * x}, 1);
            },
            Prediction::noise, true);
        const auto of = [&](const char* name, std::initializer_list<Tensor> inputs) {
            return grad(sum(loss(learned, {.name = name,
                                           .variance = Variance::learned,
                                           .decoder = Decoder::density})),
                        inputs);
        };
        const auto of_hybrid = of("hybrid", {a, b}), of_bound = of("bound", {a, b});
        const auto of_simple = of("simple", {a});
        CHECK(of_hybrid[0].item() == doctest::Approx(of_simple[0].item()).epsilon(1e-12));
        CHECK(of_hybrid[1].item() == doctest::Approx(1e-3 * of_bound[1].item()).epsilon(1e-12));
        CHECK(std::abs(of_bound[0].item()) > 1);
    }
    SUBCASE("bad calls") {
        CHECK_THROWS_WITH_AS(
            loss(model, {.name = "l2"}),
            "ddpm: unknown loss 'l2'; expected one of simple, min-snr, bound, hybrid", Error);
        CHECK_THROWS_WITH_AS(loss(model, {.name = "hybrid", .variance = Variance::learned}),
                             doctest::Contains("a network that learns them"), Error);
        CHECK_THROWS_WITH_AS(loss(model, {.name = "bound", .variance = Variance::learned}),
                             doctest::Contains("need a v for each element"), Error);
        const Denoiser narrow([](const Tensor& x, const Tensor&) { return sum(x, {1}, true); });
        CHECK_THROWS_WITH_AS(
            loss(narrow, {}),
            doctest::Contains(
                "the denoiser returned a wrong shape; got f64 [5, 1]; expected [5, 2]"),
            Error);
    }
}

TEST_CASE(
    "importance-sampled t: uniform until the history is full, then by the size of the loss, and "
    "unbiased") {
    constexpr std::int64_t T = 4;
    ImportanceTimes times(T);
    Generator generator(12);
    const auto history = [&](int rounds) {
        for (int i = 0; i < rounds; ++i)
            times.update(tensor({1, 2, 3, 4}, {4}, {.dtype = i64}),
                         tensor({1, 2, 3, 4}, {4}, {.dtype = f64}));
    };
    history(9);
    CHECK(largest(times.probabilities() - 0.25) == 0);
    history(1);
    const Tensor expected = tensor({1, 2, 3, 4}, {4}, {.dtype = f64}) / 10.0 * (1 - 1e-3) + 0.25e-3;
    CHECK(largest(times.probabilities() - expected) < 1e-15);

    constexpr std::int64_t n = 100000;
    const DrawnTimes drawn = times.draw(n, generator);
    const auto p = times.probabilities().to_vector();
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(std::abs(sum(to(eq(drawn.t, static_cast<double>(i + 1)), f64)).item() / n - p[i]) <
              4 * std::sqrt(p[i] * (1 - p[i]) / n));
    // With its weight the loss t has the mean it has under uniform t: 2.5, at next to no variance.
    const Tensor weighted = to(drawn.t, f64) * drawn.weight;
    CHECK(std::abs(mean(weighted).item() - 2.5) <
          4 * stddev(weighted).item() / std::sqrt(double(n)));
    CHECK(stddev(weighted).item() < 0.01);

    // Old losses are forgotten, and the state goes on where it was.
    ImportanceTimes copy(T);
    copy.load_state(times.state());
    for (ImportanceTimes* each : {&times, &copy})
        for (int i = 0; i < 10; ++i)
            each->update(tensor({1}, {1}, {.dtype = i64}), tensor({4}, {1}, {.dtype = f64}));
    CHECK(largest(copy.probabilities() - times.probabilities()) == 0);
    CHECK(copy.probabilities().to_vector()[0] == doctest::Approx(4.0 / 13 * (1 - 1e-3) + 0.25e-3));
    CHECK_THROWS_WITH_AS(times.update(tensor({5}, {1}, {.dtype = i64}), zeros({1})),
                         doctest::Contains("expected 1 to 4"), Error);
    CHECK_THROWS_WITH_AS(times.load_state(ImportanceTimes(5).state()),
                         doctest::Contains("times.losses"), Error);
}
