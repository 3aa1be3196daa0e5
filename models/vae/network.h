#pragma once
// The network of the variational autoencoder: multilayer perceptrons, one or two stochastic layers.
//
//     one:  q(z|x), p(z) = N(0, I), p(x|z) (Kingma & Welling 2014) flow: q_0(z_0|x), z =
//     f_K(..f_1(z_0; x)..; x), p(z) = N(0, I), p(x|z)                   (Rezende & Mohamed 2015,
//     section 4.2) two:  q(z1|x) q(z2|z1), p(z2) = N(0, I), p(z1|z2), p(x|z1) (Burda et al. 2016,
//     section 4)
#include <memory>
#include <optional>
#include <string>

#include "models/flow/free_energy.h"
#include "models/vae/objective.h"
#include "nn/layers/linear.h"
#include "nn/module.h"

namespace eps::models::vae {

enum class Decoder { bernoulli, gaussian };

struct NetworkOptions {
    std::int64_t pixels = 784, hidden = 400, latent = 20, latent_top = 10;
    int stochastic_layers = 1;  // 1 or 2
    Decoder decoder = Decoder::bernoulli;
    // of the posterior, by its name in models/flow/catalog.h; told x by the last hidden layer of
    // the encoder
    std::string flow = "none";
    std::int64_t flow_layers = 0;  // K
};

/// in -> hidden -> hidden, ReLU after both: [.., in] -> [.., hidden]
struct Trunk : nn::Module {
    nn::Linear first, second;
    Trunk(std::int64_t in, std::int64_t hidden, Generator& generator);
    Tensor forward(const Tensor& x) override;
};

/// A trunk and two heads: [.., in] -> N(mu, exp(log_var)), both [.., out]
struct NormalNet : nn::Module {
    Trunk trunk;
    nn::Linear mu, log_var;
    NormalNet(std::int64_t in, std::int64_t hidden, std::int64_t out, Generator& generator);
    DiagonalNormal operator()(const Tensor& x);
};

class Vae : public nn::Module {
public:
    Vae(const NetworkOptions& options, Generator& generator);

    /// q(z1|x): x [B, P] -> [B, latent]
    DiagonalNormal encode(const Tensor& x) { return encoder_(x); }
    /// A point in the middle of the posterior: mu(x), or where the flow takes it -> [B, latent]
    Tensor code(const Tensor& x);
    /// Logits (Bernoulli) or means (Gaussian) of p(x|z1): [.., latent] -> [.., P]
    Tensor decode(const Tensor& z1);
    /// log p(x|z1): [..], x broadcast over leading dimensions of z1
    Tensor log_likelihood(const Tensor& x, const Tensor& z1);
    /// Expected pixels in [0, 1] given z1: [B, P]
    Tensor mean_pixels(const Tensor& z1);
    /// z1 drawn from the prior: from N(0, I), or through p(z1|z2) with two layers -> [count,
    /// latent]
    Tensor sample_prior(std::int64_t count, Generator& generator);

    /// The bound of each x with one sample of the posterior; the KL of one layer is closed-form, up
    /// to what a flow adds. -> [B]
    Elbo elbo(const Tensor& x, Generator& generator, double beta = 1);
    /// beta log p(x, z) - log q(z|x) of one sample of the posterior: the bound whose beta rises
    /// from 0.01 to 1 in the first steps, flow or none, one stochastic layer (Rezende & Mohamed
    /// 2015, eq. 20) -> [B]
    Tensor annealed_bound(const Tensor& x, Generator& generator, const Tensor& beta);
    /// log p(x, z_i) - log q(z_i|x) for k samples of the posterior -> [k, B]
    Tensor log_weights(const Tensor& x, std::int64_t k, Generator& generator);

private:
    Options options() const { return encoder_.mu.weight.options(); }
    flow::FlowPosterior posterior(const Tensor& x);
    flow::PosteriorSample posterior_sample(const Tensor& x, Generator& generator);
    /// Of the KL, only what the flow adds to KL(q_0, p), E[ln p(z_0) - ln p(z_K) - log_det], is of
    /// samples: a flow that is the identity trains as none does. With all of it of samples, two
    /// layers were 0.8 nats worse than none after 4000 steps on MNIST.
    Elbo flow_elbo(const Tensor& x, Generator& generator, double beta);
    /// log p(x, z) of z [.., B, latent] under N(0, I) -> [.., B]
    Tensor log_joint(const Tensor& x, const Tensor& z);

    struct Top {            // the second stochastic layer
        NormalNet encoder;  // q(z2|z1)
        NormalNet prior;    // p(z1|z2)
        std::int64_t latent;
        Top(std::int64_t lower, std::int64_t hidden, std::int64_t upper, Generator& generator);
    };
    /// log p(z) - log q(z|x) of given samples z1 [.., B, latent], sampling z2 where there is one ->
    /// [.., B]
    Tensor log_prior_ratio(const DiagonalNormal& q, const Tensor& z1, Generator& generator);

    NetworkOptions options_;
    NormalNet encoder_;
    Trunk decoder_;
    nn::Linear pixels_;
    Tensor pixel_log_var_;  // the Gaussian decoder's, one for all pixels, learned
    std::optional<Top> top_;
    std::unique_ptr<flow::Composition> flow_;  // of no layers where there is none
};

}  // namespace eps::models::vae
