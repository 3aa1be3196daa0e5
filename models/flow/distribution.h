#pragma once
// Distributions to start from, and what a flow makes of them. Densities in nats, one value a
// sample: [B].
#include <functional>

#include "models/flow/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

class Distribution : public nn::Module {
public:
    /// z [B, event...] -> [B]
    virtual Tensor log_prob(const Tensor& z) = 0;
    /// -> [count, event...]
    virtual Tensor sample(std::int64_t count, Generator& generator) = 0;
};

/// N(mu, diag exp(log_var)), standard until it has learned otherwise; with `learned`, mu and
/// log_var [event...] are parameters.
class Normal final : public Distribution {
public:
    explicit Normal(const Shape& event, bool learned = false);
    Tensor log_prob(const Tensor& z) override;
    Tensor sample(std::int64_t count, Generator& generator) override;

    Tensor mu, log_var;
};

/// Of `components` normal distributions of points [B, dim], all learned; they begin standard,
/// around points drawn from N(0, I). Flows are continuous: what they make of one normal
/// distribution has bridges between modes that are apart   (Cornish et al. 2020). Samples are not
/// differentiable in the weights.
class Mixture final : public Distribution {
public:
    Mixture(std::int64_t components, std::int64_t dim, Generator& generator);
    Tensor log_prob(const Tensor& z) override;
    Tensor sample(std::int64_t count, Generator& generator) override;

    Tensor logit, mu, log_var;  // [C], [C, D], [C, D]; weights are softmax(logit)
};

/// Uniform on a box, low <= z < high, [event...] each: log-density -inf outside.
class Box final : public Distribution {
public:
    Box(Tensor low, Tensor high);
    /// The unit cube.
    explicit Box(const Shape& event);
    Tensor log_prob(const Tensor& z) override;
    Tensor sample(std::int64_t count, Generator& generator) override;

    Tensor low, high;
};

/// h or U of a batch: [B, event...] -> [B]
using PointFunction = std::function<Tensor(const Tensor& z)>;

/// Samples with their log-densities.
struct Drawn {
    Tensor z, log_prob;
};

/// How the reverse KL divergence is differentiated.
enum class Gradient {
    total,  // through the sample and through q's parameters
    // through the sample alone: the rest is 0 on average, and "sticks the landing" at 0 variance
    // where q = p   (Roeder et al. 2017)
    path
};

/// q_K: the distribution of f(z_0), z_0 ~ base.
class FlowDistribution final : public nn::Module {
public:
    FlowDistribution(std::unique_ptr<Distribution> base, std::unique_ptr<Bijector> flow);

    /// log q_K(x) = log q_0(f^-1(x)) + log |det df^-1/dx|   (Rezende & Mohamed 2015, eq. 5)
    Tensor log_prob(const Tensor& x, const Tensor& context = {});
    Tensor sample(std::int64_t count, Generator& generator, const Tensor& context = {});
    /// log q_K(z_K) = log q_0(z_0) - log |det df/dz_0|, without an inverse   (eq. 7)
    Drawn sample_with_log_prob(std::int64_t count, Generator& generator,
                               const Tensor& context = {});
    /// h(f(z_0)) of `count` samples, whose mean estimates E_q_K h: the law of the unconscious
    /// statistician. No determinant is computed   (eq. 8)
    Tensor expectation(const PointFunction& h, std::int64_t count, Generator& generator,
                       const Tensor& context = {});

    /// -mean log q_K(x): KL(data || q_K) less the data's entropy.
    Tensor forward_kl(const Tensor& x, const Tensor& context = {});
    /// mean of log q_K(z) + U(z), z ~ q_K: KL(q_K || exp(-U) / Z) - log Z. Gradient::path needs a
    /// flow with an inverse.
    Tensor reverse_kl(const PointFunction& energy, std::int64_t count, Generator& generator,
                      Gradient gradient = Gradient::total);

    Distribution& base() { return *base_; }
    Bijector& flow() { return *flow_; }

private:
    std::unique_ptr<Distribution> base_;
    std::unique_ptr<Bijector> flow_;
};

/// What importance sampling says of log Z = log E_q exp(-U(z)) / q(z), from log weights -U(z) - log
/// q(z) [n]; and how many samples of p itself the n are worth, as a share: (sum w)^2 / (n sum w^2)
/// (Kong 1992).
struct Importance {
    double log_z, effective_share;
};
Importance importance(const Tensor& log_weights);

}  // namespace eps::models::flow
