// The networks of the VAE against integrals of the model that they define, with one and with two
// stochastic layers.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "models/vae/network.h"
#include "models/vae/objective.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::models::vae;

namespace {

constexpr std::int64_t samples = 200'000;
const NetworkOptions tiny{.pixels = 3, .hidden = 8, .latent = 2, .latent_top = 1};

// Moves the distributions away from where a network starts, in f64.
void disturb(Vae& vae, Generator& generator) {
    vae.to(f64);
    const NoGrad guard;
    for (Tensor& p : vae.parameters()) p.copy_(p + 0.3 * randn(p.shape(), p.options(), generator));
}

struct Estimate {
    double value, error;
};
Estimate estimate(const Tensor& samples_of_it) {
    const double n = static_cast<double>(samples_of_it.numel());
    return {mean(samples_of_it).item(), stddev(samples_of_it).item() / std::sqrt(n)};
}

}  // namespace

TEST_CASE("a VAE's weights average to p(x), and their logarithms to the bound") {
    const NoGrad guard;
    for (const int layers : {1, 2})
        for (const Decoder decoder : {Decoder::bernoulli, Decoder::gaussian}) {
            CAPTURE(layers);
            Generator generator(1);
            NetworkOptions options = tiny;
            options.stochastic_layers = layers;
            options.decoder = decoder;
            Vae vae(options, generator);
            disturb(vae, generator);
            const Tensor x = tensor({1, 0, 1}, {1, 3}, {.dtype = f64});
            // p(x) = E p(x | z1) over the prior
            const Estimate p = estimate(exp(
                vae.log_likelihood(expand(x, {samples, 3}), vae.sample_prior(samples, generator))));
            const Tensor log_w = vae.log_weights(x, samples, generator);
            const Estimate by_weights = estimate(exp(log_w));
            CHECK(by_weights.error < 0.02 * by_weights.value);
            CHECK(std::abs(by_weights.value - p.value) < 4 * (by_weights.error + p.error));
            // The bound is the mean of the logarithms, below log p(x).
            const Elbo bound = vae.elbo(expand(x, {samples, 3}), generator);
            const Estimate elbo = estimate(bound.elbo), mean_log = estimate(log_w);
            CHECK(std::abs(elbo.value - mean_log.value) < 4 * (elbo.error + mean_log.error));
            CHECK(elbo.value < std::log(p.value));
            CHECK(max(abs(bound.log_likelihood - bound.kl - bound.elbo)).item() < 1e-12);
        }
}

TEST_CASE(
    "a VAE's layers have the widths of its options; those of the top layer are half as wide") {
    Generator generator(2);
    NetworkOptions options = tiny;
    options.stochastic_layers = 2;
    Vae vae(options, generator);
    std::map<std::string, Shape> shapes;
    for (const auto& [name, parameter] : vae.named_parameters()) shapes[name] = parameter.shape();
    CHECK(shapes.at("encoder.trunk.first.weight") == Shape{8, 3});
    CHECK(shapes.at("encoder.mu.weight") == Shape{2, 8});
    CHECK(shapes.at("decoder.second.weight") == Shape{8, 8});
    CHECK(shapes.at("pixels.weight") == Shape{3, 8});
    CHECK(shapes.at("encoder_top.trunk.first.weight") == Shape{4, 2});
    CHECK(shapes.at("encoder_top.log_var.weight") == Shape{1, 4});
    CHECK(shapes.at("prior.trunk.first.weight") == Shape{4, 1});
    CHECK(shapes.at("prior.mu.weight") == Shape{2, 4});
}
