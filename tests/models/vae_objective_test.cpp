// V1-V5 and V7: the bound of the VAE on a model whose likelihood is known in closed form.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "autograd/ops/shape/join.h"
#include "models/distributions/bernoulli.h"
#include "models/distributions/normal.h"
#include "models/vae/objective.h"
#include "nn/optim/optimizer.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models;
using namespace eps::models::vae;

namespace {

// x = W z + N(0, 0.25 I), z ~ N(0, I); the numbers of V1.
struct LinearGaussian {
    Tensor W = tensor({1, .5, 0, 2, -1, .3}, {3, 2}, {.dtype = f64});
    Tensor x = tensor({.3, -1.2, .7}, {3}, {.dtype = f64});
    Tensor log_variance = Tensor(std::log(.25), {.dtype = f64});
    double log_p = -5.369429678362;

    Tensor log_likelihood(const Tensor& z) const {
        return DiagonalNormal{matmul(z, transpose(W)), log_variance}.log_prob(x);
    }
    // The posterior N(m, L^-1) with L = I + W^T W / 0.25, m = L^-1 W^T x / 0.25, written out for
    // two dimensions.
    Tensor precision() const { return eye(2, {.dtype = f64}) + matmul(transpose(W), W) / .25; }
    Tensor posterior_mean() const {
        const Tensor L = precision(), b = matmul(transpose(W), x) / .25;
        const auto l = L.to_vector(), v = b.to_vector();
        const double det = l[0] * l[3] - l[1] * l[2];
        return tensor({(l[3] * v[0] - l[1] * v[1]) / det, (l[0] * v[1] - l[2] * v[0]) / det}, {2},
                      {.dtype = f64});
    }
    // E_q log p(x|z) for a diagonal q is the log-likelihood at mu less tr(W S W^T) / (2 * 0.25).
    Elbo exact_elbo(const DiagonalNormal& q) const {
        const Tensor spread = sum(sum(square(W), {0}) * exp(q.log_var), {-1}) / (2 * .25);
        return elbo(log_likelihood(q.mu) - spread, kl_to_standard_normal(q));
    }
};

Tensor doubles(std::vector<double> values) { return tensor(values, {}, {.dtype = f64}); }
double standard_error(const Tensor& samples) {
    return stddev(samples).item() / std::sqrt(static_cast<double>(samples.numel()));
}

}  // namespace

TEST_CASE("V1: the ELBO of the exact posterior is log p(x)") {
    const LinearGaussian model;
    const Tensor L = model.precision(), m = model.posterior_mean();
    const auto l = L.to_vector();
    Generator generator(1);
    const Tensor z = randn({50, 2}, {.dtype = f64}, generator);
    const Tensor d = z - m;
    const Tensor log_q = 0.5 * std::log(l[0] * l[3] - l[1] * l[2]) - std::log(2 * M_PI) -
                         0.5 * sum(matmul(d, L) * d, {-1});
    // constant in z for the exact posterior
    const Tensor log_w = model.log_likelihood(z) + standard_normal_log_prob(z) - log_q;
    CHECK(max(abs(log_w - model.log_p)).item() < 1e-11);
}

TEST_CASE("V2: Jensen's gap is the KL to the posterior") {
    const LinearGaussian model;
    const auto l = model.precision().to_vector();
    const DiagonalNormal best{model.posterior_mean(), doubles({-std::log(l[0]), -std::log(l[3])})};
    CHECK(model.exact_elbo(best).elbo.item() == doctest::Approx(-5.371370015505).epsilon(1e-10));

    SUBCASE("random q never beat log p") {
        Generator generator(2);
        const DiagonalNormal q{randn({1000, 2}, {.dtype = f64}, generator) * 2.0,
                               randn({1000, 2}, {.dtype = f64}, generator) * 2.0};
        CHECK(max(model.exact_elbo(q).elbo).item() <= model.log_p);
    }
    SUBCASE("gradient ascent finds the best diagonal q") {
        DiagonalNormal q{zeros({2}, {.dtype = f64}), zeros({2}, {.dtype = f64})};
        q.mu.requires_grad_();
        q.log_var.requires_grad_();
        for (double lr : {1e-1, 1e-2, 1e-3, 1e-4}) {
            nn::Adam adam({q.mu, q.log_var}, {.lr = lr});
            for (int i = 0; i < 400; ++i) {
                adam.zero_grad();
                backward(-model.exact_elbo(q).elbo);
                adam.step();
            }
        }
        CHECK(std::abs(model.exact_elbo(q).elbo.item() + 5.371370015505) < 1e-9);
    }
}

TEST_CASE("V3: KL(N(mu, sigma^2) || N(0, 1)) in closed form") {
    const DiagonalNormal q{doubles({.7}), doubles({2 * std::log(.3)})};
    const double kl = kl_to_standard_normal(q).item();
    CHECK(std::abs(kl - 0.9939728043259362) < 1e-14);
    Generator generator(3);
    const Tensor z = q.sample_with(randn({1'000'000, 1}, {.dtype = f64}, generator));
    const Tensor log_ratio = q.log_prob(z) - standard_normal_log_prob(z);
    CHECK(std::abs(mean(log_ratio).item() - kl) < 4 * standard_error(log_ratio));
}

TEST_CASE("V4: the reparameterisation gives the gradients of an expectation") {
    // d/dmu E z^2 = 2 mu, d/dsigma E z^2 = 2 sigma; with log_var = 2 log sigma, d/dlog_var =
    // sigma^2.
    const double mu = .4, sigma = .8;
    Tensor m = full({1'000'000}, mu, {.dtype = f64});
    Tensor v = full({1'000'000}, 2 * std::log(sigma), {.dtype = f64});
    m.requires_grad_();
    v.requires_grad_();
    Generator generator(4);
    const Tensor z = DiagonalNormal{m, v}.sample(generator);
    backward(sum(square(z)));
    CHECK(std::abs(mean(m.grad()).item() - 2 * mu) < 4 * standard_error(m.grad()));
    CHECK(std::abs(mean(v.grad()).item() - sigma * sigma) < 4 * standard_error(v.grad()));

    Tensor a = randn({3, 2}, {.dtype = f64}, generator);
    Tensor b = randn({3, 2}, {.dtype = f64}, generator);
    const Tensor noise = randn({3, 2}, {.dtype = f64}, generator);
    const auto f = [&](const std::vector<Tensor>& in) {
        return DiagonalNormal{in[0], in[1]}.sample_with(noise);
    };
    gradcheck(f, {a.requires_grad_(), b.requires_grad_()},
              {.name = "reparameterisation with frozen noise"});
}

TEST_CASE("V5: decoders equal their naive forms and stay finite") {
    Generator generator(5);
    const Tensor logits = rand({20, 7}, {.dtype = f64}, generator) * 20.0 - 10.0;
    const Tensor x = bernoulli(0.5, {20, 7}, {.dtype = f64}, generator);
    const Tensor p = 1.0 / (1.0 + exp(-logits));
    const Tensor naive = sum(x * log(p) + (1.0 - x) * log(1.0 - p), {-1});
    CHECK(max(abs(Bernoulli{logits}.log_prob(x) - naive) / abs(naive)).item() < 1e-11);

    Tensor extreme = tensor({1e4, -1e4, 1e4, -1e4}, {1, 4}).requires_grad_();
    const Tensor log_p = Bernoulli{extreme}.log_prob(tensor({1, 0, 0, 1}, {1, 4}));
    CHECK(log_p.item() == doctest::Approx(-2e4));
    backward(sum(log_p));
    CHECK(all(isfinite(extreme.grad())).item() == 1);

    const Tensor mu = randn({20, 7}, {.dtype = f64}, generator);
    const Tensor y = randn({20, 7}, {.dtype = f64}, generator);
    Tensor log_var = Tensor(-1.5, {.dtype = f64});
    const double variance = std::exp(-1.5);
    const Tensor by_hand =
        sum(-0.5 * square(y - mu) / variance, {-1}) - 3.5 * std::log(2 * M_PI * variance);
    CHECK(max(abs(DiagonalNormal{mu, log_var}.log_prob(y) - by_hand)).item() < 1e-12);
    gradcheck(
        [&](const std::vector<Tensor>& in) {
            return DiagonalNormal{mu, in[0]}.log_prob(y);
        },
        {log_var.requires_grad_()}, {.name = "learned variance"});
}

TEST_CASE("V7: L_1 <= L_k <= L_k+1 <= log p(x)") {
    const LinearGaussian model;
    const DiagonalNormal poor{doubles({0.1, -0.6}), doubles({-1.2, -1.6})};
    Generator generator(7);
    double last = -std::numeric_limits<double>::infinity(), last_error = 0;
    for (const std::int64_t k : {1, 5, 50, 5000}) {
        const std::int64_t repeats = 2'000'000 / k;
        const Tensor z = poor.sample_with(randn({k, repeats, 2}, {.dtype = f64}, generator));
        const Tensor log_w =
            model.log_likelihood(z) + standard_normal_log_prob(z) - poor.log_prob(z);
        const Tensor bounds = iwae_bound(log_w);
        const double bound = mean(bounds).item(), error = standard_error(bounds);
        CHECK_MESSAGE(bound >= last - 4 * (error + last_error), "k = ", k);
        CHECK(bound <= model.log_p + 4 * error);
        last = bound;
        last_error = error;
    }
    CHECK(std::abs(last - model.log_p) < 1e-2);
}
