#pragma once
// The distribution a flow starts from. It is a module, so that its parameters can be trained with
// those of the flow.
#include "models/distributions/mixture.h"
#include "models/distributions/normal.h"
#include "models/distributions/uniform.h"
#include "nn/module.h"

namespace eps::models::flow {

/// In nats, one value a sample.
class Base : public nn::Module {
public:
    /// z [B, event...] -> [B]
    /// Throws: on another shape of samples.
    virtual Tensor log_prob(const Tensor& z) = 0;
    /// -> [count, event...]
    virtual Tensor sample(std::int64_t count, Generator& generator) = 0;
};

/// N(mu, diag exp(log_var)), at first N(0, I).
class NormalBase final : public Base {
public:
    /// `learned`: mu and log_var are parameters; otherwise they are buffers and stay as they are.
    explicit NormalBase(const Shape& event, bool learned = false);
    Tensor log_prob(const Tensor& z) override;
    Tensor sample(std::int64_t count, Generator& generator) override;

    Tensor mu, log_var;  // [event...]
};

/// A mixture of normal distributions, all of whose parameters are learned; at first they have
/// variance 1, equal weights, and means drawn from N(0, I). A flow is continuous, so that what it
/// makes of one normal distribution has bridges between separate modes; a mixture as base avoids
/// them.
/// Source: Cornish et al. 2020.
class MixtureBase final : public Base {
public:
    MixtureBase(std::int64_t components, std::int64_t dim, Generator& generator);
    Tensor log_prob(const Tensor& z) override;
    Tensor sample(std::int64_t count, Generator& generator) override;
    GaussianMixture distribution() const { return {logit, mu, log_var}; }

    Tensor logit, mu, log_var;  // [K], [K, D], [K, D]
};

/// Uniform on a box, which is not learned.
class UniformBase final : public Base {
public:
    /// Throws: unless low < high everywhere, of one shape and floating dtype.
    UniformBase(Tensor low, Tensor high);
    /// The unit cube.
    explicit UniformBase(const Shape& event);
    Tensor log_prob(const Tensor& z) override;
    Tensor sample(std::int64_t count, Generator& generator) override;

    Tensor low, high;  // [event...]
};

}  // namespace eps::models::flow
