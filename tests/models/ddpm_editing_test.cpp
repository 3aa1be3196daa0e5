// Guidance by classes, inpainting and interpolation, with exact denoisers.
#include <doctest/doctest.h>

#include <algorithm>

#include "models/ddpm/editing.h"
#include "models/ddpm/guidance.h"
#include "tests/models/ddpm_support.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::ddpm;
using namespace eps::models::ddpm::test;

TEST_CASE("guidance pushes away from the unconditional prediction") {
    // Two classes, the bumps at -1 and 1; no class: both.
    const Schedule s = make_schedule("linear", 100);
    const auto bump = [&](double m) {
        return oracle(GaussianMixture::isotropic(column({m}), .16), s);
    };
    const Denoiser all = oracle(bimodal(0.4), s), left = bump(-1), right = bump(1);
    const ClassConditional model = [&](const Tensor& x, const Tensor& t, const Tensor& classes) {
        const Tensor c = reshape(classes, {classes.numel(), 1});
        return where(eq(c, 2.0), all(x, t).predicted,
                     where(eq(c, 0.0), left(x, t).predicted, right(x, t).predicted));
    };
    const Tensor classes = tensor({0, 1, 1}, {3}, {.dtype = i64}), x = normal({3, 1}, 8);
    const Tensor t = whole(3, 60);
    const Tensor conditional = model(x, t, classes), unconditional = model(x, t, whole(3, 2));
    CHECK(largest(guided(model, classes, 2, 0)(x, t).predicted - conditional) == 0);
    CHECK(largest(guided(model, classes, 2, 1.5)(x, t).predicted -
                  (2.5 * conditional - 1.5 * unconditional)) < 1e-14);
    const auto spread = [&](double weight) {
        SampleNoise noise(9, 0, 200);
        const Tensor xT = noise.normal({1}, {.dtype = f64});
        return make_sampler(s, {.name = "ddim", .steps = 50})
            ->sample(guided(model, whole(200, 1), 2, weight), xT, noise);
    };
    const Tensor plain = spread(0), strong = spread(3);
    CHECK(std::abs(mean(plain).item() - 1) < 0.1);
    CHECK(mean(strong).item() > mean(plain).item());
    CHECK(min(strong).item() > min(plain).item());  // what might be of the other class is gone
    CHECK_THROWS_WITH_AS(guided(model, classes, 2, 1)(zeros({2, 1}), whole(2, 1)),
                         doctest::Contains("a class for each sample"), Error);
    CHECK_THROWS_WITH_AS(guided(model, classes, 2, -1),
                         doctest::Contains("negative guidance weight"), Error);
    // Learned variances stay those of the conditional.
    const auto numbers = [](const Tensor& c) { return to(reshape(c, {-1, 1}), f64); };
    const ClassConditional both = [&](const Tensor& at, const Tensor&, const Tensor& c) {
        return concat({at + numbers(c), at * numbers(c)}, 1);
    };
    const auto out = guided(both, classes, 2, 1, Prediction::noise, true)(x, t);
    CHECK(largest(out.v - x * numbers(classes)) == 0);
    CHECK(largest(out.predicted - (x + 2.0 * numbers(classes) - 2.0)) < 1e-14);

    Generator generator(10);
    const Tensor dropped = drop_classes(whole(10000, 1), 2, 0.2, generator);
    CHECK(std::abs(mean(eq(dropped, 2.0)).item() - 0.2) < 4 * std::sqrt(0.16 / 10000));
    CHECK(dropped.dtype() == i64);
}

TEST_CASE("inpainting keeps the known elements and fills in the others to match") {
    const Schedule s = make_schedule("linear", 200);
    const Denoiser exact =
        oracle(GaussianMixture::isotropic(tensor({-1, -1, 1, 1}, {2, 2}, {.dtype = f64}), .02), s);
    constexpr std::int64_t n = 200;
    const Tensor known =
                     concat({full({n, 1}, 1.1, {.dtype = f64}), zeros({n, 1}, {.dtype = f64})}, 1),
                 mask = tensor({1, 0}, {1, 2}, {.dtype = f64});
    SampleNoise noise(11, 0, n);
    const Tensor xT = noise.normal({2}, {.dtype = f64});
    const Tensor x =
        make_sampler(s, {})->sample(exact, xT, noise, {}, inpaint(s, known, mask, noise));
    CHECK(largest(select(x, 1, 0) - 1.1) == 0);
    CHECK(mean(abs(select(x, 1, 1) - 1.0) < 0.5).item() > 0.95);
    CHECK_THROWS_WITH_AS(inpaint(s, known, zeros({3}), noise),
                         doctest::Contains("a mask that broadcasts"), Error);
}

TEST_CASE("interpolation ends where it should") {
    const Schedule s = make_schedule("linear", 200);
    const Denoiser exact =
        oracle(GaussianMixture::isotropic(tensor({-1, -1, 1, 1}, {2, 2}, {.dtype = f64}), .05), s);
    const Tensor a = tensor({-1, -0.8, -1.1, -1}, {2, 2}, {.dtype = f64});
    const Tensor b = tensor({1, 0.9, 0.8, 1}, {2, 2}, {.dtype = f64});
    const Tensor latent = interpolate_latents(s, exact, a, b, {0, 0.5, 1}, 200);
    CHECK(latent.shape() == Shape{3, 2, 2});
    CHECK(largest(select(latent, 0, 0) - a) < 0.02);
    CHECK(largest(select(latent, 0, 2) - b) < 0.02);
    const Tensor mixed = interpolate_diffused(s, exact, a, b, {0, 0.25, 1}, {.from = 20}, 12);
    CHECK(mixed.shape() == Shape{3, 2, 2});
    CHECK(largest(select(mixed, 0, 0) - a) < 0.6);  // little noise: little is lost
    CHECK(largest(select(mixed, 0, 2) - b) < 0.6);
    CHECK(mixed.to_vector() ==
          interpolate_diffused(s, exact, a, b, {0, 0.25, 1}, {.from = 20}, 12).to_vector());
    // slerp keeps lengths, and reaches both ends.
    const Tensor p = tensor({3, 0, 0, 3}, {2, 2}, {.dtype = f64});
    const Tensor q = tensor({0, 3, 0, 3}, {2, 2}, {.dtype = f64});
    CHECK(largest(slerp(p, q, 0.3) -
                  tensor({3 * std::cos(.15 * M_PI), 3 * std::sin(.15 * M_PI), 0, 3}, {2, 2},
                         {.dtype = f64})) < 1e-12);
    CHECK(largest(slerp(p, q, 0) - p) < 1e-15);
    CHECK_THROWS_WITH_AS(slerp(p, zeros({2}), 0.5),
                         doctest::Contains("between two batches of one shape"), Error);
}
