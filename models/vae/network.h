#pragma once
// The variational autoencoder: multilayer perceptrons with one or two stochastic layers, or one
// whose posterior goes through a flow.
//
//     one layer:   q(z|x), p(z) = N(0, I), p(x|z)
//                  (Kingma & Welling 2014)
//     with a flow: z_0 ~ q_0(z_0|x), z = f_K(..f_1(z_0; x)..; x), p(z) = N(0, I), p(x|z)
//                  (Rezende & Mohamed 2015, section 4.2)
//     two layers:  q(z1|x) q(z2|z1), p(z2) = N(0, I), p(z1|z2), p(x|z1)
//                  (Burda et al. 2016, section 4)
#include <functional>
#include <memory>
#include <optional>

#include "models/distributions/normal.h"
#include "models/free_energy.h"
#include "models/vae/objective.h"
#include "nn/layers/linear.h"
#include "nn/module.h"

namespace eps::models::vae {

enum class Decoder { bernoulli, gaussian };

struct NetworkOptions {
    std::int64_t pixels = 784, hidden = 400, latent = 20, latent_top = 10;
    int stochastic_layers = 1;  // 1 or 2
    Decoder decoder = Decoder::bernoulli;
};

/// Makes the posterior's flow for latent vectors [B, dim] and a context [B, context], which is the
/// encoder's last hidden layer. Any maker of models/flow/catalog.h will do.
using MakeFlow = std::function<std::unique_ptr<Bijector>(std::int64_t dim, std::int64_t context,
                                                         Generator& generator)>;

/// in -> hidden -> hidden, with ReLU after both: [.., in] -> [.., hidden]
struct Trunk : nn::Module {
    nn::Linear first, second;
    Trunk(std::int64_t in, std::int64_t hidden, Generator& generator);
    Tensor forward(const Tensor& x) override;
};

/// A trunk with two heads: [.., in] -> N(mu, diag exp(log_var)), both [.., out]
struct NormalNet : nn::Module {
    Trunk trunk;
    nn::Linear mu, log_var;
    NormalNet(std::int64_t in, std::int64_t hidden, std::int64_t out, Generator& generator);
    DiagonalNormal operator()(const Tensor& x);
};

class Vae : public nn::Module {
public:
    /// Without `make_flow`, q(z|x) is a normal distribution.
    /// Throws: unless there are 1 or 2 stochastic layers; on a flow with 2.
    Vae(const NetworkOptions& options, Generator& generator, const MakeFlow& make_flow = nullptr);

    /// q(z1|x), before any flow: x [B, P] -> [B, latent]
    DiagonalNormal encode(const Tensor& x) { return encoder_(x); }
    /// A point in the middle of the posterior: mu(x), sent through the flow -> [B, latent]
    Tensor code(const Tensor& x);
    /// Logits (Bernoulli) or means (Gaussian) of p(x|z1): [.., latent] -> [.., P]
    Tensor decode(const Tensor& z1);
    /// log p(x|z1); x is broadcast over leading dimensions of z1 -> [..]
    Tensor log_likelihood(const Tensor& x, const Tensor& z1);
    /// Expected pixels given z1, in [0, 1] -> [B, P]
    Tensor mean_pixels(const Tensor& z1);
    /// z1 from the prior: from N(0, I), or with two layers through p(z1|z2) -> [count, latent]
    Tensor sample_prior(std::int64_t count, Generator& generator);

    /// The bound from one sample of the posterior. With one stochastic layer, KL(q_0 || p) is in
    /// closed form -> [B] each
    Elbo elbo(const Tensor& x, Generator& generator, double beta = 1);
    /// beta log p(x, z) - log q(z|x) from one sample, for one stochastic layer: the bound whose
    /// beta rises from 0.01 to 1 in the first steps -> [B]
    /// Source: Rezende & Mohamed 2015, eq. 20.
    Tensor annealed_bound(const Tensor& x, Generator& generator, const Tensor& beta);
    /// log p(x, z_i) - log q(z_i|x) for k samples of the posterior -> [k, B]
    Tensor log_weights(const Tensor& x, std::int64_t k, Generator& generator);

private:
    /// The second stochastic layer.
    struct Top {
        NormalNet encoder;  // q(z2|z1)
        NormalNet prior;    // p(z1|z2)
        std::int64_t latent;
        Top(std::int64_t lower, std::int64_t hidden, std::int64_t upper, Generator& generator);
    };

    Options options() const { return encoder_.mu.weight.options(); }
    FlowPosterior posterior(const Tensor& x);
    PosteriorSample posterior_sample(const Tensor& x, Generator& generator);
    /// The bound with a flow. Only what the flow adds to KL(q_0 || p),
    /// E[ln p(z_0) - ln p(z_K) - log_det], is estimated by sampling, so that a flow that is the
    /// identity trains as well as none. With the whole KL sampled, two layers were 0.8 nats worse
    /// than none after 4000 steps on MNIST.
    Elbo flow_elbo(const Tensor& x, Generator& generator, double beta);
    /// log p(x, z), z [.., B, latent] -> [.., B]
    Tensor log_joint(const Tensor& x, const Tensor& z);
    /// log p(z) - log q(z|x) at samples z1 [.., B, latent]; with two layers z2 is sampled, too
    /// -> [.., B]
    Tensor log_prior_ratio(const DiagonalNormal& q, const Tensor& z1, Generator& generator);

    NetworkOptions options_;
    NormalNet encoder_;
    Trunk decoder_;
    nn::Linear pixels_;
    Tensor pixel_log_var_;  // [], learned; of the Gaussian decoder only
    std::optional<Top> top_;
    std::unique_ptr<Bijector> flow_;  // the identity where there is none
    bool has_flow_;
};

}  // namespace eps::models::vae
