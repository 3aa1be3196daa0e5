#pragma once
// The distribution that a flow makes of its base, with everything that is computed of it. In nats,
// one value a sample: [B].
#include <functional>

#include "models/bijector.h"
#include "models/flow/base.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// A function of points, such as an energy U: [B, event...] -> [B]
using PointFunction = std::function<Tensor(const Tensor& z)>;

/// Samples with their log-densities.
struct Drawn {
    Tensor z, log_prob;
};

/// How the reverse KL divergence is differentiated.
enum class Gradient {
    /// Through the sample and through the parameters of the density.
    total,
    /// Through the sample alone. The omitted part is 0 on average, and without it the estimate has
    /// variance 0 at q = p ("sticking the landing", Roeder et al. 2017).
    path
};

/// q_K, the distribution of f(z_0), z_0 ~ base. A context [B, C] goes to the flow.
class FlowDistribution final : public nn::Module {
public:
    FlowDistribution(std::unique_ptr<Base> base, std::unique_ptr<Bijector> flow);

    /// log q_K(x) = log q_0(f^-1(x)) + log |det df^-1/dx|   (Rezende & Mohamed 2015, eq. 5)
    Tensor log_prob(const Tensor& x, const Tensor& context = {});
    Tensor sample(std::int64_t count, Generator& generator, const Tensor& context = {});
    /// log q_K(z_K) = log q_0(z_0) - log |det df/dz_0|, without an inverse   (eq. 7)
    Drawn sample_with_log_prob(std::int64_t count, Generator& generator,
                               const Tensor& context = {});
    /// h(f(z_0)) for `count` samples, whose mean estimates E_q_K h. By the law of the unconscious
    /// statistician no determinant is computed   (eq. 8).
    Tensor expectation(const PointFunction& h, std::int64_t count, Generator& generator,
                       const Tensor& context = {});

    /// -mean log q_K(x), which is KL(data || q_K) + the entropy of the data -> []
    Tensor forward_kl(const Tensor& x, const Tensor& context = {});
    /// The mean of log q_K(z) + U(z), z ~ q_K, which is KL(q_K || exp(-U) / Z) - log Z -> []
    /// Throws: on Gradient::path for a flow without an inverse.
    Tensor reverse_kl(const PointFunction& energy, std::int64_t count, Generator& generator,
                      Gradient gradient = Gradient::total);

    Base& base() { return *base_; }
    Bijector& flow() { return *flow_; }

private:
    std::unique_ptr<Base> base_;
    std::unique_ptr<Bijector> flow_;
};

/// Estimates by importance sampling, from log-weights log w = -U(z) - log q(z) [n], z ~ q.
struct Importance {
    double log_z;            // log Z = log E_q w
    double effective_share;  // effective sample size / n = (sum w)^2 / (n sum w^2)   (Kong 1992)
};
Importance importance(const Tensor& log_weights);

}  // namespace eps::models::flow
