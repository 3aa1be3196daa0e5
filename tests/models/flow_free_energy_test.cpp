// N1, N2, N11 to N14 and E3: the free energy of deep latent Gaussian models with planar flows
// (Rezende & Mohamed 2015, section 4).
#include "models/free_energy.h"

#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "models/flow/theory/dlgm.h"
#include "models/flow/theory/planar_free_energy.h"
#include "models/vae/objective.h"
#include "models/flow/planar.h"
#include "models/distributions/estimate.h"
#include "tests/files.h"
#include "tests/models/flow_case.h"

using namespace eps;
using namespace eps::models::flow;
using namespace eps::models;
using namespace eps::test;

namespace {

// V1's model: x = W z + N(0, .25 I).
const Tensor W = tensor({1, .5, 0, 2, -1, .3}, {3, 2}, doubles), mu_x = zeros({3}, doubles),
             psi = full({3}, 0.25, doubles);
const Tensor x_v1 = tensor({.3, -1.2, .7}, {1, 3}, doubles);
constexpr double kLogP = -5.369429678362;

DiagonalNormal normal_of(std::int64_t batch, std::int64_t dim, Generator& generator) {
    return {randn({batch, dim}, doubles, generator), randn({batch, dim}, doubles, generator) * 0.5};
}
double log_normal(double x, double mu, double log_var) {
    return -0.5 *
           (std::log(2 * std::numbers::pi) + log_var + (x - mu) * (x - mu) * std::exp(-log_var));
}

}  // namespace

TEST_CASE(
    "N1: log p(x, z_1, .., z_L) is the sum by hand, and samples follow the prior layer by layer") {
    Generator generator(1);
    Dlgm model({.pixels = 1, .latent = {1, 1, 1}, .hidden = 0, .gaussian = true}, generator);
    disturb(model, generator);
    const auto value = [&](const std::string& name) {
        for (const auto& [key, tensor] : model.state_dict())
            if (key == name) return tensor.item();
        FAIL(name);
        return 0.0;
    };
    const Tensor x = randn({5, 1}, doubles, generator), z = randn({5, 3}, doubles, generator);
    const std::vector<double> xs = x.to_vector(), zs = z.to_vector();
    const std::vector<double> joint = model.log_joint(x, z).to_vector();
    const Dlgm::Terms terms = model.terms(x, z);
    REQUIRE(terms.layers.size() == 2);
    for (std::size_t i = 0; i < 5; ++i) {
        const double z1 = zs[3 * i], z2 = zs[3 * i + 1], z3 = zs[3 * i + 2];
        const auto f = [&](const std::string& layer, double at) {
            return value(layer + ".0.weight") * at + value(layer + ".0.bias");
        };
        const double without_top = log_normal(xs[i], f("f0", z1), value("pixel_log_var")) +
                                   log_normal(z1, f("f1", z2), value("log_var1")) +
                                   log_normal(z2, f("f2", z3), value("log_var2"));
        const double by_hand = without_top + log_normal(z3, 0, 0);
        CHECK(std::abs(joint[i] - by_hand) < 1e-12);
        // E3: the product as printed stops before p(z_L)
        CHECK(std::abs(joint[i] - without_top) > 0.9);
    }
    // Ancestral samples: z_2 given z_3 is linear, so moments are known.
    const Tensor drawn = detach(model.sample_prior(200'000, generator));
    const double w2 = value("f2.0.weight"), b2 = value("f2.0.bias");
    const double v2 = w2 * w2 + std::exp(value("log_var2"));
    const double w1 = value("f1.0.weight"), b1 = value("f1.0.bias");
    const double v1 = w1 * w1 * v2 + std::exp(value("log_var1"));
    const auto close = [](const Tensor& samples, double mean_, double variance) {
        const double n = static_cast<double>(samples.numel());
        CHECK(std::abs(mean(samples).item() - mean_) < 4 * std::sqrt(variance / n));
        CHECK(std::abs(var(samples).item() / variance - 1) < 4 * std::sqrt(2 / n));
    };
    close(select(drawn, 1, 2), 0, 1);
    close(select(drawn, 1, 1), b2, v2);
    close(select(drawn, 1, 0), w1 * b2 + b1, v1);
    CHECK(model.sample_pixels(drawn, generator).shape() == Shape{200'000, 1});
}

TEST_CASE("E3: with p(z_L) the joint integrates to 1 over z_L; without it, not") {
    Generator generator(2);
    Dlgm model({.pixels = 1, .latent = {1}, .hidden = 0, .gaussian = true}, generator);
    disturb(model, generator);
    const std::int64_t n = 401;
    const Tensor line = linspace(-12, 12, n, doubles);
    const Tensor z = reshape(expand(unsqueeze(line, 1), {n, n}), {n * n, 1});
    const Tensor x = reshape(expand(unsqueeze(line, 0), {n, n}), {n * n, 1});
    const Dlgm::Terms terms = model.terms(x, z);
    const double cell = std::pow(24.0 / (n - 1), 2);
    CHECK(sum(exp(terms.total())).item() * cell == doctest::Approx(1).epsilon(1e-6));
    CHECK(sum(exp(terms.likelihood)).item() * cell > 5);
}

TEST_CASE(
    "N2: factor analysis and PPCA are DLGMs, whose importance estimate is the closed marginal; PCA "
    "is the limit") {
    CHECK(std::abs(factor_analysis_log_prob(x_v1, W, mu_x, psi).item() - kLogP) < 1e-10);
    Generator generator(3);
    const Tensor uneven = tensor({.25, .5, .1}, {3}, doubles);
    const Tensor shift = tensor({.1, -.3, .2}, {3}, doubles);
    const auto model = factor_analysis(W, shift, uneven);
    const double exact = factor_analysis_log_prob(x_v1, W, shift, uneven).item();
    // Proposals near the posterior N(m, S), S = (I + W^T Psi^-1 W)^-1.
    const Tensor precision = eye(2, doubles) + matmul(transpose(W) / uneven, W);
    const Tensor m = solve(
        precision, reshape(matmul(transpose(W) / uneven, reshape(x_v1 - shift, {3, 1})), {2}));
    const FlowPosterior q{{reshape(m, {1, 2}), unsqueeze(-log(diag(precision)) + 0.3, 0)}, nullptr};
    Composition identity;
    const FlowPosterior proposal{q.q0, &identity};
    const NoGrad guard;
    const Tensor log_w = log_weights(
        proposal, [&](const Tensor& z) { return model->log_joint(x_v1, z); }, 400'000, generator);
    CHECK(std::abs(vae::iwae_bound(log_w).item() - exact) < 1e-3 * std::abs(exact));

    // PPCA of data near a plane: its span is that of PCA, and posterior means project onto it as
    // sigma^2 goes to 0.
    const Tensor data = matmul(randn({2000, 2}, doubles, generator), transpose(W)) +
                        1e-4 * randn({2000, 3}, doubles, generator) + 0.5;
    const Ppca fit = ppca(data, 2);
    CHECK(fit.sigma2.item() == doctest::Approx(1e-8).epsilon(0.1));
    const Tensor centred = data - mean(data, {0}), posterior = matmul(centred, fit.W);
    const Tensor M = matmul(transpose(fit.W), fit.W) + fit.sigma2 * eye(2, doubles);
    const Tensor back = matmul(transpose(solve(M, transpose(posterior))), transpose(fit.W));
    const Tensor pcs = narrow(eigh(matmul(transpose(centred), centred)).eigenvectors, 1, 1, 2);
    CHECK(largest(back - matmul(matmul(centred, pcs), transpose(pcs))) < 1e-6);
    // It is the maximum of the likelihood: other deviations and loadings are worse.
    const auto likelihood = [&](const Tensor& loadings, double sigma2) {
        return mean(factor_analysis_log_prob(data, loadings, fit.mu, full({3}, sigma2, doubles)))
            .item();
    };
    const double best = likelihood(fit.W, fit.sigma2.item());
    CHECK(best > likelihood(fit.W, fit.sigma2.item() * 1.2));
    CHECK(best > likelihood(fit.W, fit.sigma2.item() / 1.2));
    CHECK(best > likelihood(fit.W * 1.1, fit.sigma2.item()));
    CHECK_THROWS_AS(ppca(data, 3), Error);
}

TEST_CASE(
    "N11: the four lines of the free energy agree on the same samples; of no layers it is V1's "
    "bound") {
    Generator generator(4);
    Dlgm model({.pixels = 6, .latent = {3, 2}, .width = 8, .hidden = 1}, generator);
    disturb(model, generator);
    const std::int64_t B = 7, D = model.latent();
    REQUIRE(D == 5);
    const auto flow = disturbed("planar", {.dim = D, .k = 6}, generator, 0.6);
    const Tensor x = bernoulli(0.5, {B, 6}, doubles, generator);
    const LogJoint joint = [&](const Tensor& z) { return model.log_joint(x, z); };
    const FlowPosterior q{normal_of(B, D, generator), flow.get()};
    const PosteriorSample sample = q.sample_with(randn({B, D}, doubles, generator));
    const Tensor F1 = free_energy_at_point(q, joint, sample), F2 = free_energy(joint, sample);
    const Tensor F3 = free_energy_by_terms(q, joint, sample);
    const Tensor F4 = free_energy_by_layers(q, model, x, sample);
    CHECK(largest(F1 - F2) < 1e-10);
    CHECK(largest(F2 - F3) < 1e-10);
    CHECK(largest(F3 - F4) < 1e-10);
    CHECK(largest(sample.log_det) > 1e-2);
    // E2: with psi_k at z_k, line (3) is another number.
    Tensor literal = zeros({B}, doubles);
    const std::vector<Transformed> steps = flow->steps(sample.z0);
    for (std::int64_t k = 0; k < 6; ++k) {
        auto& layer = dynamic_cast<Planar&>(flow->layer(k));
        const Tensor& output = steps[static_cast<std::size_t>(k)].z;
        const PlanarMap f = layer.parameters_for(output);
        literal = literal + log(abs(1.0 + (1.0 - square(planar_activation(f, output))) * f.m));
    }
    CHECK(largest(sample.log_q0 - joint(sample.z) - literal - F2) > 1e-3);

    // K = 0, the exact posterior: -F = log p(x), and F >= -log p(x) for others.
    const auto linear = factor_analysis(W, mu_x, psi);
    const LogJoint v1 = [&](const Tensor& z) { return linear->log_joint(x_v1, z); };
    Composition none;
    const Tensor L = eye(2, doubles) + matmul(transpose(W), W) / .25;
    const Tensor m = unsqueeze(solve(L, reshape(matmul(x_v1, W), {2})) / .25, 0);
    const FlowPosterior best{{m, unsqueeze(-log(diag(L)), 0)}, &none};
    Estimate bound;
    for (int i = 0; i < 2000; ++i)
        bound.add(-free_energy(v1, best.sample_with(randn({1, 2}, doubles, generator))));
    // V2: the best diagonal q
    CHECK(std::abs(bound.mean() + 5.371370015505) < 4 * bound.standard_error());
    CHECK(bound.mean() < kLogP + 4 * bound.standard_error());
    for (const double by : {0.2, 0.5}) {
        const auto bent = disturbed("planar", {.dim = 2, .k = 4}, generator, by);
        Estimate worse;
        for (int i = 0; i < 500; ++i)
            worse.add(free_energy(v1, FlowPosterior{best.q0, bent.get()}.sample_with(
                                          randn({1, 2}, doubles, generator))));
        CHECK(worse.mean() > -kLogP - 4 * worse.standard_error());
    }
    const auto radial = make_flow("radial", {.dim = D}, generator);
    CHECK(message_of([&] {
              free_energy_by_terms({q.q0, radial.get()}, joint, sample);
          }).find("radial") != std::string::npos);
}

TEST_CASE("N12: an amortised posterior, in a batch and sample by sample") {
    Generator generator(5);
    const auto flow = disturbed("planar", {.dim = 4, .k = 5, .context = 3}, generator);
    const std::int64_t B = 6;
    const FlowPosterior q{normal_of(B, 4, generator), flow.get(),
                          randn({B, 3}, doubles, generator)};
    const Tensor noise = randn({B, 4}, doubles, generator);
    const LogJoint joint = [](const Tensor& z) {
        return standard_normal_log_prob(z) - sum(cos(z), {-1});
    };
    const PosteriorSample batch = q.sample_with(noise);
    const Tensor F = free_energy(joint, batch);
    CHECK(largest(F - free_energy_at_point(q, joint, batch)) < 1e-10);
    CHECK(largest(F - free_energy_by_terms(q, joint, batch)) < 1e-10);
    for (std::int64_t i = 0; i < B; ++i) {
        const auto row = [&](const Tensor& t) { return narrow(t, 0, i, 1); };
        const FlowPosterior one{{row(q.q0.mu), row(q.q0.log_var)}, flow.get(), row(q.context)};
        CHECK(largest(free_energy(joint, one.sample_with(row(noise))) - row(F)) < 1e-12);
    }
    // k samples each: sample i of x is drawn with x's own context.
    const Tensor log_w = log_weights(q, joint, 3, generator);
    CHECK(log_w.shape() == Shape{3, B});
    CHECK(message_of([&] { log_weights(q, joint, 0, generator); }).find("k = 0") !=
          std::string::npos);
}

TEST_CASE("N13: E ln q_0 in closed form; N14: the annealed bound") {
    Generator generator(6);
    const DiagonalNormal q0{tensor({1, -2, .5}, {1, 3}, doubles),
                            tensor({-1, .3, 1.2}, {1, 3}, doubles)};
    Estimate entropy;
    const DiagonalNormal many{expand(q0.mu, {200'000, 3}), expand(q0.log_var, {200'000, 3})};
    entropy.add(many.log_prob(many.sample(generator)));
    // 2 ln sigma = log_var
    const double by_hand = -0.5 * (3 * (1 + std::log(2 * std::numbers::pi)) + 2 * (-.5 + .15 + .6));
    CHECK(-q0.entropy().item() == doctest::Approx(by_hand).epsilon(1e-14));
    CHECK(std::abs(entropy.mean() - by_hand) < 4 * entropy.standard_error());

    CHECK(annealing(0) == 0.01);
    CHECK(annealing(5000) == 0.51);
    CHECK(annealing(9899) < 1);
    CHECK(annealing(9900) == doctest::Approx(1).epsilon(1e-15));
    CHECK(annealing(1'000'000) == 1);
    Composition none;
    const PosteriorSample sample =
        FlowPosterior{q0, &none}.sample_with(randn({1, 3}, doubles, generator));
    const LogJoint joint = [](const Tensor& z) { return standard_normal_log_prob(z); };
    const double log_q = sample.log_q().item(), log_p = joint(sample.z).item();
    CHECK(free_energy(joint, sample, Tensor(0.25)).item() ==
          doctest::Approx(log_q - 0.25 * log_p).epsilon(1e-14));
}
