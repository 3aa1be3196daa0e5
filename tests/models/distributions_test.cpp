// The distributions that all model families share, against SciPy's numbers, against sampling, and
// against finite differences.
#include <doctest/doctest.h>

#include <cmath>

#include "models/distributions/bernoulli.h"
#include "models/distributions/estimate.h"
#include "models/distributions/mixture.h"
#include "models/distributions/normal.h"
#include "models/distributions/uniform.h"
#include "tests/files.h"
#include "tests/golden/distributions_golden.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::test;
namespace scipy = eps::golden::distributions;

namespace {

const Options doubles{.dtype = f64};

Tensor row(const std::vector<double>& values) {
    return tensor(values, {std::ssize(values)}, doubles);
}
double largest_difference(const Tensor& x, const std::vector<double>& expected) {
    return max(abs(reshape(detach(x), {-1}) - row(expected))).item();
}
// Three points of the plane.
const Tensor points = tensor({0, 0, 1.5, -2, -3, 4}, {3, 2}, doubles);

const Tensor mu = row({.5, -1}), sigma = row({.7, 1.3});
const Tensor other_mu = row({-.2, .4}), other_sigma = row({1.1, .9});
DiagonalNormal by_log_variance(const Tensor& mean, const Tensor& deviation) {
    return {mean, 2.0 * log(deviation)};
}
// The same as a batch of one.
Normal by_variance(const Tensor& mean, const Tensor& deviation) {
    return {unsqueeze(mean, 0), unsqueeze(square(deviation), 0)};
}

Bernoulli bits(const std::vector<double>& p) { return {log(row(p)) - log1p(-row(p))}; }
GaussianMixture mixture() {
    return GaussianMixture::isotropic(tensor({0, 0, 2, 1, -1, 3}, {3, 2}, doubles), .64, {5, 3, 2});
}

// The mean of `terms` lies within 4 standard errors of `expected`.
void check_mean(const Tensor& terms, double expected) {
    Estimate estimate;
    estimate.add(detach(terms));
    CHECK(std::abs(estimate.mean() - expected) < 4 * estimate.standard_error());
}

}  // namespace

TEST_CASE("normal distributions: both parameterisations give SciPy's densities and entropies") {
    const DiagonalNormal q = by_log_variance(mu, sigma);
    const Normal n = by_variance(mu, sigma);
    CHECK(largest_difference(q.log_prob(points), scipy::normal_log_prob) < 1e-13);
    CHECK(largest_difference(n.log_prob(points), scipy::normal_log_prob) < 1e-13);
    CHECK(largest_difference(q.entropy(), scipy::normal_entropy) < 1e-14);
    CHECK(largest_difference(n.entropy(), scipy::normal_entropy) < 1e-14);
    CHECK(largest_difference(standard_normal_log_prob((points - mu) / sigma) - sum(log(sigma)),
                             scipy::normal_log_prob) < 1e-13);
    CHECK(largest_difference(
              Normal::standard(points).log_prob((points - mu) / sigma) - sum(log(sigma)),
              scipy::normal_log_prob) < 1e-13);
}

TEST_CASE("normal distributions: KL is that of quadrature, and 0 between equals") {
    const DiagonalNormal q = by_log_variance(mu, sigma), p = by_log_variance(other_mu, other_sigma);
    CHECK(largest_difference(kl(q, p), scipy::normal_kl) < 1e-12);
    CHECK(largest_difference(kl_to_standard_normal(q), scipy::normal_kl_to_standard) < 1e-12);
    CHECK(kl(q, q).item() == 0);
    const Normal n = by_variance(mu, sigma), m = by_variance(other_mu, other_sigma);
    CHECK(largest_difference(kl(n, m), scipy::normal_kl) < 1e-12);
    CHECK(largest_difference(kl(n, Normal::standard(n.mean)), scipy::normal_kl_to_standard) <
          1e-12);
    CHECK(kl(n, n).item() == 0);
}

TEST_CASE("normal distributions: samples have the density's moments and entropy") {
    Generator generator(1);
    const Shape many{200'000, 2};
    const DiagonalNormal q{expand(mu, many), expand(2.0 * log(sigma), many)};
    const Normal n{expand(mu, many), expand(square(sigma), many)};
    for (const Tensor& x : {q.sample(generator), n.sample(generator)}) {
        check_mean(select(x, 1, 0), .5);
        check_mean(square(select(x, 1, 1) + 1.0), 1.69);
        check_mean(-q.log_prob(x), scipy::normal_entropy[0]);
    }
    Generator one(2), same(2);
    const Tensor noise = randn(many, doubles, one);
    CHECK(max(abs(q.sample(same) - q.sample_with(noise))).item() == 0);
}

TEST_CASE("normal distributions: one variance serves a whole image, and sums run over all pixels") {
    Generator generator(3);
    const Shape images{2, 3, 4, 4};
    const Tensor mean = randn(images, doubles, generator), x = randn(images, doubles, generator);
    const Tensor variance = tensor({.3, 2}, {2, 1, 1, 1}, doubles);
    const Normal one{mean, variance}, each{mean, expand(variance, images)};
    CHECK(one.log_prob(x).shape() == Shape{2});
    CHECK(max(abs(one.log_prob(x) - each.log_prob(x))).item() < 1e-12);
    CHECK(max(abs(one.entropy() - each.entropy())).item() < 1e-12);
    CHECK(max(abs(kl(one, Normal::standard(x)) - kl(each, Normal::standard(x)))).item() < 1e-12);
}

TEST_CASE("bernoulli: densities, entropies and KL are SciPy's") {
    const Bernoulli q = bits({.1, .5, .93}), p = bits({.3, .2, .6});
    CHECK(largest_difference(q.log_prob(row({1, 0, 1})), scipy::bernoulli_log_prob) < 1e-14);
    CHECK(largest_difference(q.entropy(), scipy::bernoulli_entropy) < 1e-14);
    CHECK(largest_difference(kl(q, p), scipy::bernoulli_kl) < 1e-14);
    CHECK(largest_difference(q.mean(), {.1, .5, .93}) < 1e-15);
    CHECK(kl(q, q).item() == 0);
}

TEST_CASE("bernoulli: samples are bits with the given probabilities, at extreme logits, too") {
    Generator generator(4);
    const Bernoulli q{expand(bits({.1, .5, .93}).logits, {100'000, 3})};
    const Tensor x = q.sample(generator);
    CHECK(sum(logical_and(x > 0.0, x < 1.0)).item() == 0);
    check_mean(select(x, 1, 0), .1);
    check_mean(select(x, 1, 2), .93);
    check_mean(-q.log_prob(x), scipy::bernoulli_entropy[0]);

    const Bernoulli certain{row({1e4, -1e4})};
    CHECK(certain.log_prob(row({1, 0})).item() == 0);
    CHECK(certain.log_prob(row({0, 1})).item() == -2e4);
    CHECK(certain.entropy().item() == 0);
}

TEST_CASE("uniform: log-density and entropy are SciPy's; outside of the box the density is 0") {
    const Uniform box{row({-1, 0}), row({1, 4})};
    CHECK(largest_difference(box.log_prob(tensor({0, 1}, {1, 2}, doubles)),
                             scipy::uniform_log_prob) < 1e-14);
    CHECK(largest_difference(box.entropy(), scipy::uniform_entropy) < 1e-14);
    const Tensor outside = tensor({0, 4, -1.5, 1}, {2, 2}, doubles);  // low <= z < high
    CHECK(box.log_prob(outside).to_vector() == std::vector<double>{-INFINITY, -INFINITY});
    Generator generator(5);
    const Tensor z = box.sample(100'000, generator);
    CHECK(min(box.log_prob(z)).item() > -INFINITY);
    check_mean(select(z, 1, 0), 0);
    check_mean(select(z, 1, 1), 2);
}

TEST_CASE("uniform: KL is the volumes' log-ratio, infinite where the support is not covered") {
    const Uniform box{row({-1, 0}), row({1, 4})}, wide{row({-2, 0}), row({2, 8})};
    CHECK(kl(box, wide).item() == doctest::Approx(std::log(4)).epsilon(1e-15));
    CHECK(kl(wide, box).item() == INFINITY);
    CHECK(kl(box, box).item() == 0);
    CHECK(Uniform::unit({3}).log_prob(zeros({2, 3})).to_vector() == std::vector<double>{0, 0});
}

TEST_CASE("mixture: log-densities are SciPy's, and the score is their gradient") {
    const GaussianMixture m = mixture();
    CHECK(largest_difference(m.log_prob(points), scipy::mixture_log_prob) < 1e-13);
    CHECK(largest_difference(m.score(points), scipy::mixture_score) < 1e-8);
    const Tensor x = clone(points).requires_grad_();
    const Tensor gradient = grad(sum(m.log_prob(x)), {x})[0];
    CHECK(max(abs(gradient - m.score(points))).item() < 1e-13);
    CHECK(max(abs(sum(exp(m.log_joint(points)), {1}) - exp(m.log_prob(points)))).item() < 1e-15);
}

TEST_CASE("mixture: samples visit each component as often as its weight says") {
    Generator generator(6);
    const GaussianMixture apart =
        GaussianMixture::isotropic(tensor({0, 0, 20, 0, 0, 20}, {3, 2}, doubles), .64, {5, 3, 2});
    const Tensor x = apart.sample(50'000, generator);
    check_mean(to(select(x, 1, 0) > 10.0, f64), .3);
    check_mean(to(select(x, 1, 1) > 10.0, f64), .2);
    const Tensor near = masked_select(select(x, 1, 0), select(x, 1, 0) > 10.0);
    check_mean(square(near - 20.0), .64);
    const GaussianMixture equal = GaussianMixture::isotropic(reshape(row({-1, 1}), {2, 1}), 1);
    CHECK(equal.log_prob(zeros({1, 1}, doubles)).item() ==
          doctest::Approx(-.5 - .5 * std::log(2 * M_PI)).epsilon(1e-14));
}

TEST_CASE("mixture: each sample may have a mixture of its own") {
    const GaussianMixture m = mixture();
    const Tensor scale = tensor({1, 2, 3}, {3, 1, 1}, doubles);
    const GaussianMixture own{m.logits, scale * m.mu, log(scale * exp(m.log_var))};
    for (std::int64_t b = 0; b < 3; ++b) {
        const double s = static_cast<double>(b + 1);
        const GaussianMixture alone = GaussianMixture::isotropic(s * m.mu, s * .64, {5, 3, 2});
        const Tensor x = narrow(points, 0, b, 1);
        CHECK(max(abs(narrow(own.log_prob(points), 0, b, 1) - alone.log_prob(x))).item() < 1e-13);
        CHECK(max(abs(narrow(own.score(points), 0, b, 1) - alone.score(x))).item() < 1e-13);
    }
}

TEST_CASE("mixture: what makes no mixture throws") {
    const Tensor means = zeros({2, 3}, doubles);
    CHECK_THROWS_WITH_AS(GaussianMixture::isotropic(zeros({2, 3}), 1),
                         doctest::Contains("needs means f64 [K, D]; got f32"), Error);
    CHECK_THROWS_WITH_AS(GaussianMixture::isotropic(means, 0),
                         doctest::Contains("the variance must be positive; got 0"), Error);
    CHECK_THROWS_WITH_AS(GaussianMixture::isotropic(means, 1, {1}),
                         doctest::Contains("needs a weight for each of 2 means; got 1"), Error);
}

TEST_CASE("every log_prob, entropy and KL passes gradcheck in all of its parameters") {
    Generator generator(7);
    const auto leaf = [&](const Shape& shape) {
        return randn(shape, doubles, generator).requires_grad_();
    };
    const Tensor x = leaf({3, 2});
    const std::vector<Tensor> two{leaf({3, 2}), leaf({3, 2})},
        four{leaf({3, 2}), leaf({3, 2}), leaf({3, 2}), leaf({3, 2})};
    using In = const std::vector<Tensor>&;
    gradcheck(
        [&](In in) {
            return DiagonalNormal{in[0], in[1]}.log_prob(in[2]);
        },
        {two[0], two[1], x}, {.name = "DiagonalNormal::log_prob"});
    gradcheck(
        [&](In in) {
            return DiagonalNormal{in[0], in[1]}.entropy();
        },
        two, {.name = "DiagonalNormal::entropy"});
    gradcheck(
        [&](In in) {
            return kl(DiagonalNormal{in[0], in[1]}, DiagonalNormal{in[2], in[3]});
        },
        four, {.name = "kl(DiagonalNormal, DiagonalNormal)"});
    gradcheck(
        [&](In in) {
            return Normal{in[0], exp(in[1])}.log_prob(in[2]);
        },
        {two[0], two[1], x}, {.name = "Normal::log_prob"});
    gradcheck(
        [&](In in) {
            return Normal{in[0], exp(in[1])}.entropy();
        },
        two, {.name = "Normal::entropy"});
    gradcheck(
        [&](In in) {
            return kl(Normal{in[0], exp(in[1])}, Normal{in[2], exp(in[3])});
        },
        four, {.name = "kl(Normal, Normal)"});
    const Tensor bit = bernoulli(0.5, {3, 2}, doubles, generator);
    gradcheck([&](In in) { return Bernoulli{in[0]}.log_prob(bit); }, {x},
              {.name = "Bernoulli::log_prob"});
    gradcheck([&](In in) { return Bernoulli{in[0]}.entropy(); }, {x},
              {.name = "Bernoulli::entropy"});
    gradcheck([&](In in) { return kl(Bernoulli{in[0]}, Bernoulli{in[1]}); }, two,
              {.name = "kl(Bernoulli, Bernoulli)"});
    gradcheck(
        [&](In in) {
            return GaussianMixture{in[0], in[1], in[2]}.log_prob(in[3]);
        },
        {leaf({4}), leaf({4, 2}), leaf({4, 2}), x}, {.name = "GaussianMixture::log_prob"});
    gradcheck(
        [&](In in) {
            return GaussianMixture{in[0], in[1], in[2]}.score(in[3]);
        },
        {leaf({4}), leaf({4, 2}), leaf({4, 2}), x}, {.name = "GaussianMixture::score"});
}
