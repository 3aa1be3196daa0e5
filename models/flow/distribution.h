#pragma once
// The distribution that a flow makes of its base, with everything that is computed of it. In nats,
// one value a sample: [B].
#include <functional>

#include "models/bijector.h"
#include "models/flow/base.h"
#include "tensor/random.h"

namespace eps::models::flow {

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
    FlowDistribution(std::unique_ptr<Base> base, std::unique_ptr<Bijector> flow);

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

    Base& base() { return *base_; }
    Bijector& flow() { return *flow_; }

private:
    std::unique_ptr<Base> base_;
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
