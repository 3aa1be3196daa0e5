// D3 and D4: the schedules and what follows from them.
#include <doctest/doctest.h>

#include "models/ddpm/theory/learned_betas.h"
#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

TEST_CASE(
    "D3: alpha_bar_t is the variance that the steps leave of the data, and 1 - alpha_bar_t what "
    "they add") {
    const Schedule s = make_schedule("linear", 1000);
    CHECK(std::abs(s.alpha_bar(1) - 0.9999) < 1e-15);
    CHECK(s.alpha_bar(1000) == doctest::Approx(4.035829765375676e-05).epsilon(1e-12));
    double added = 0, left = 1, worst = 0;
    for (std::int64_t t = 1; t <= 1000; ++t) {
        added = s.alpha(t) * added + s.beta(t);
        left *= s.alpha(t);
        worst = std::max(
            {worst, std::abs(added - (1 - s.alpha_bar(t))), std::abs(left - s.alpha_bar(t))});
    }
    CHECK(worst < 1e-14);
}

TEST_CASE("D4: the forward process preserves a variance of 1") {
    const Schedule s = make_schedule("linear", 1000);
    // x_0 and the noise take the values -1 and 1 independently: means and variances are those of
    // N(0, 1).
    const Tensor x0 = column({-1, -1, 1, 1}), noise = column({-1, 1, -1, 1});
    for (std::int64_t t = 1; t <= 1000; ++t) {
        const Tensor xt = diffuse(s, x0, whole(4, t), noise);
        REQUIRE(std::abs(mean(square(xt)).item() - 1) < 1e-12);
        const Normal step = forward_step(s, xt, whole(4, t));
        REQUIRE(std::abs(mean(square(step.mean)).item() + step.variance.to_vector()[0] - 1) <
                1e-12);
    }
}

TEST_CASE("every schedule ends in noise, whatever T") {
    for (const std::string& name : schedule_names())
        for (std::int64_t steps : {50, 200, 1000}) {
            CAPTURE(name);
            const Schedule s = make_schedule(name, steps);
            CHECK(s.steps() == steps);
            CHECK(s.alpha_bar(0) == 1);
            CHECK(s.alpha_bar(steps) < 1e-2);
            for (std::int64_t t = 1; t <= steps; ++t)
                REQUIRE(s.snr(t) < (t == 1 ? INFINITY : s.snr(t - 1)));
        }
    CHECK(make_schedule("zero-snr", 1000).alpha_bar(1000) == 0);
    // the start stays
    CHECK(make_schedule("zero-snr", 1000).alpha_bar(1) == doctest::Approx(0.9999));
    const double f = std::cos((0.5 + 0.008) / 1.008 * M_PI / 2);
    const double f0 = std::cos(0.008 / 1.008 * M_PI / 2);
    CHECK(make_schedule("cosine", 1000).alpha_bar(500) ==
          doctest::Approx(f * f / (f0 * f0)).epsilon(1e-12));
}

TEST_CASE("real times lie between the steps") {
    const Schedule s = make_schedule("linear", 1000);
    const auto logit = [&](double t) {
        return std::log(s.alpha_bar_at(t) / (1 - s.alpha_bar_at(t)));
    };
    CHECK(s.alpha_bar_at(321) == s.alpha_bar(321));
    CHECK(logit(321.25) == doctest::Approx(0.75 * logit(321) + 0.25 * logit(322)).epsilon(1e-12));
    for (double t : {1.0, 1.5, 77.125, 999.875, 1000.0})
        CHECK(s.time_of(logit(t)) == doctest::Approx(t).epsilon(1e-10));
    CHECK(s.time_of(100) == 1);
    CHECK(s.time_of(-100) == 1000);
    // Beside alpha_bar = 1 and 0, whose logits are infinite, alpha_bar itself is interpolated.
    CHECK(s.alpha_bar_at(0.25) == doctest::Approx(0.75 + 0.25 * s.alpha_bar(1)).epsilon(1e-12));
    const Schedule to_zero = make_schedule("zero-snr", 1000);
    CHECK(to_zero.alpha_bar_at(999.25) ==
          doctest::Approx(0.75 * to_zero.alpha_bar(999)).epsilon(1e-12));
    // A time for each sample, whole or real, is the time for the batch.
    const Tensor x = normal({2, 3}, 1);
    const Coefficients each = s.at(tensor({321, 321.25}, {2}, {.dtype = f64}), x);
    CHECK(each.alpha_bar.shape() == Shape{2, 1});
    CHECK(each.alpha_bar.to_vector()[0] ==
          doctest::Approx(s.at(whole(2, 321), x).alpha_bar.to_vector()[0]).epsilon(1e-14));
    CHECK(each.beta.to_vector()[0] == doctest::Approx(s.beta(321)).epsilon(1e-10));
    CHECK(each.alpha_bar.to_vector()[1] == s.alpha_bar_at(321.25));
    // Two strides are one of twice the length.
    const Coefficients a = s.between(500, 400), b = s.between(400, 300), both = s.between(500, 300);
    CHECK((1 - a.beta.item()) * (1 - b.beta.item()) ==
          doctest::Approx(1 - both.beta.item()).epsilon(1e-12));
}

TEST_CASE("learned betas stay in (0, 1) and start where the schedule is") {
    const Schedule start = make_schedule("linear", 50);
    LearnedBetas learned(start);
    const Schedule same = learned.schedule();
    for (std::int64_t t = 1; t <= 50; ++t)
        CHECK(same.beta(t) == doctest::Approx(start.beta(t)).epsilon(1e-12));
    backward(sum(bound_prior(same, normal({8, 2}, 2))));
    CHECK(largest(learned.logits.grad()) > 0);
    CHECK_THROWS_WITH_AS(LearnedBetas(make_schedule("zero-snr", 50)),
                         doctest::Contains("beta_50 = 1"), Error);
}

TEST_CASE("a bad schedule throws, naming the step or the known names") {
    const auto make = [](std::vector<double> betas) { return Schedule(betas); };
    CHECK_THROWS_WITH_AS(make({0.1, 0, 0.2}), "Schedule: beta leaves (0, 1) at step 2 of 3; got 0",
                         Error);
    CHECK_THROWS_WITH_AS(make({0.1, 1, 0.2}), doctest::Contains("step 2 of 3; got 1"), Error);
    CHECK_NOTHROW(make({0.1, 0.2, 1}));
    CHECK_THROWS_WITH_AS(make({0.1, std::nan("")}), doctest::Contains("step 2"), Error);
    CHECK_THROWS_WITH_AS(make({}), doctest::Contains("T >= 1"), Error);
    // 0.02 * 1000 / 10
    CHECK_THROWS_WITH_AS(make_schedule("linear", 10), doctest::Contains("beta leaves (0, 1)"),
                         Error);
    CHECK_THROWS_WITH_AS(make_schedule("linear", 0), doctest::Contains("needs a step"), Error);
    CHECK_THROWS_WITH_AS(make_schedule("linaer", 100),
                         "ddpm: unknown schedule 'linaer'; expected one of linear, cosine, "
                         "quadratic, constant, sigmoid, zero-snr",
                         Error);
    const Schedule s = make_schedule("linear", 100);
    CHECK_THROWS_WITH_AS(s.beta(101), doctest::Contains("expected 0 to 100"), Error);
    CHECK_THROWS_WITH_AS(s.at(whole(2, 0), normal({2, 1}, 3)),
                         doctest::Contains("expected 1 to 100"), Error);
    CHECK_THROWS_WITH_AS(s.at(whole(3, 1), normal({2, 1}, 3)),
                         doctest::Contains("one time for each sample"), Error);
    CHECK_THROWS_WITH_AS(s.between(3, 3), doctest::Contains("smaller s"), Error);
}
