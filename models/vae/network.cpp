#include "models/vae/network.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/distributions/bernoulli.h"
#include "tensor/create.h"

namespace eps::models::vae {

Trunk::Trunk(std::int64_t in, std::int64_t hidden, Generator& generator)
    : first(in, hidden, {.generator = &generator}),
      second(hidden, hidden, {.generator = &generator}) {
    add("first", first);
    add("second", second);
}

Tensor Trunk::forward(const Tensor& x) { return relu(second(relu(first(x)))); }

NormalNet::NormalNet(std::int64_t in, std::int64_t hidden, std::int64_t out, Generator& generator)
    : trunk(in, hidden, generator),
      mu(hidden, out, {.generator = &generator}),
      log_var(hidden, out, {.generator = &generator}) {
    add("trunk", trunk);
    add("mu", mu);
    add("log_var", log_var);
}

DiagonalNormal NormalNet::operator()(const Tensor& x) {
    const Tensor h = trunk(x);
    return {mu(h), log_var(h)};
}

Vae::Vae(const NetworkOptions& options, Generator& generator, const MakeFlow& make_flow)
    : options_(options),
      encoder_(options.pixels, options.hidden, options.latent, generator),
      decoder_(options.latent, options.hidden, generator),
      pixels_(options.hidden, options.pixels, {.generator = &generator}),
      has_flow_(make_flow != nullptr) {
    check(options.stochastic_layers == 1 || options.stochastic_layers == 2, "vae",
          "bad number of stochastic layers; got ", options.stochastic_layers, "; expected 1 or 2");
    add("encoder", encoder_);
    add("decoder", decoder_);
    add("pixels", pixels_);
    if (options.decoder == Decoder::gaussian) {
        pixel_log_var_ = full({}, -2.0);
        add_parameter("pixel_log_var", pixel_log_var_);
    }
    if (options.stochastic_layers == 2) {
        const std::int64_t hidden = options.hidden / 2;
        top_.emplace(options.latent, hidden, options.latent_top, generator);
        add("encoder_top", top_->encoder);
        add("prior", top_->prior);
    }
    check(!top_ || !has_flow_, "vae", "a flow needs one stochastic layer; got ",
          options.stochastic_layers);
    flow_ = has_flow_ ? make_flow(options.latent, options.hidden, generator)
                      : std::make_unique<Composition>();
    add("flow", *flow_);
}

Vae::Top::Top(std::int64_t lower, std::int64_t hidden, std::int64_t upper, Generator& generator)
    : encoder(lower, hidden, upper, generator),
      prior(upper, hidden, lower, generator),
      latent(upper) {}

FlowPosterior Vae::posterior(const Tensor& x) {
    const Tensor hidden = encoder_.trunk(x);
    return {.q0 = {encoder_.mu(hidden), encoder_.log_var(hidden)},
            .flow = flow_.get(),
            .context = hidden};
}

PosteriorSample Vae::posterior_sample(const Tensor& x, Generator& generator) {
    return posterior(x).sample_with(randn({x.size(0), options_.latent}, x.options(), generator));
}

Tensor Vae::code(const Tensor& x) {
    const FlowPosterior q = posterior(x);
    return flow_->map(q.q0.mu, q.context);
}

Tensor Vae::decode(const Tensor& z1) { return pixels_(decoder_(z1)); }

Tensor Vae::log_likelihood(const Tensor& x, const Tensor& z1) {
    const Tensor output = decode(z1);
    if (options_.decoder == Decoder::bernoulli) return Bernoulli{output}.log_prob(x);
    return DiagonalNormal{output, pixel_log_var_}.log_prob(x);
}

Tensor Vae::log_joint(const Tensor& x, const Tensor& z) {
    return log_likelihood(x, z) + standard_normal_log_prob(z);
}

Tensor Vae::mean_pixels(const Tensor& z1) {
    const Tensor output = decode(z1);
    return options_.decoder == Decoder::bernoulli ? Bernoulli{output}.mean()
                                                  : clamp(output, {.lo = 0, .hi = 1});
}

Tensor Vae::sample_prior(std::int64_t count, Generator& generator) {
    if (!top_) return randn({count, options_.latent}, options(), generator);
    return top_->prior(randn({count, top_->latent}, options(), generator)).sample(generator);
}

Tensor Vae::log_prior_ratio(const DiagonalNormal& q, const Tensor& z1, Generator& generator) {
    if (!top_) return standard_normal_log_prob(z1) - q.log_prob(z1);
    const DiagonalNormal q2 = top_->encoder(z1);
    const Tensor z2 = q2.sample(generator);
    return standard_normal_log_prob(z2) + top_->prior(z2).log_prob(z1) - q.log_prob(z1) -
           q2.log_prob(z2);
}

Elbo Vae::flow_elbo(const Tensor& x, Generator& generator, double beta) {
    const FlowPosterior q = posterior(x);
    const PosteriorSample sample =
        q.sample_with(randn({x.size(0), options_.latent}, x.options(), generator));
    const Tensor flow_kl =
        standard_normal_log_prob(sample.z0) - standard_normal_log_prob(sample.z) - sample.log_det;
    return vae::elbo(log_likelihood(x, sample.z), kl_to_standard_normal(q.q0) + flow_kl, beta);
}

Elbo Vae::elbo(const Tensor& x, Generator& generator, double beta) {
    if (has_flow_) return flow_elbo(x, generator, beta);
    const DiagonalNormal q = encode(x);
    const Tensor z1 = q.sample(generator);
    const Tensor kl = top_ ? -log_prior_ratio(q, z1, generator) : kl_to_standard_normal(q);
    return vae::elbo(log_likelihood(x, z1), kl, beta);
}

Tensor Vae::annealed_bound(const Tensor& x, Generator& generator, const Tensor& beta) {
    check(!top_, "vae", "the annealed bound needs one stochastic layer; got ",
          options_.stochastic_layers);
    return -free_energy([&](const Tensor& z) { return log_joint(x, z); },
                        posterior_sample(x, generator), beta);
}

Tensor Vae::log_weights(const Tensor& x, std::int64_t k, Generator& generator) {
    check(k >= 1, "log_weights", "needs at least one sample; got k = ", k);
    if (has_flow_)
        return models::log_weights(
            posterior(x), [&](const Tensor& z) { return log_joint(x, z); }, k, generator);
    const DiagonalNormal q = encode(x);  // [B, latent]
    const Tensor noise = randn({k, x.size(0), options_.latent}, x.options(), generator);
    const Tensor z1 = q.sample_with(noise);  // [k, B, latent]
    return log_likelihood(x, z1) + log_prior_ratio(q, z1, generator);
}

}  // namespace eps::models::vae
