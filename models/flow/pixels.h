#pragma once
// From pixels of 2^n levels to densities on the real line.
#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// `inverse` maps a pixel x to logit(alpha + (1 - 2 alpha) x), so that a density on the line
/// becomes one on pixels. The image of the line is slightly wider than [0, 1]: it reaches alpha /
/// (1 - 2 alpha) beyond either end.
/// Throws: in `inverse`, on pixels beyond that (on the CPU); unless 0 < alpha < 1/2.
/// Source: Dinh et al. 2017, section 4.1.
class Logit final : public Bijector {
public:
    explicit Logit(double alpha = 0.05);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& x, const Tensor& context = {}) override;
    std::string name() const override { return "logit"; }

private:
    double alpha_;
};

/// y = (x + u) / levels in [0, 1), with log q(u|x) [B]
struct Dequantised {
    Tensor y, log_q;
};
/// Uniform dequantisation: u uniform in [0, 1), log q = 0. x [B, ...] holds integers from 0 to
/// levels - 1.
/// Throws: on other values (on the CPU).
/// Source: Uria et al. 2013; Theis et al. 2016, section 3.1.
Dequantised dequantise(const Tensor& x, std::int64_t levels, Generator& generator);

/// Variational dequantisation: u = sigmoid(f(noise; x)) with a flow f conditioned on x. Then
///     log P(x) >= E[ log p(y) - log q(u|x) ] - D log levels,
/// with equality where q is the posterior.
/// Source: Ho et al. 2019, section 3.1.
class VariationalDequantisation final : public nn::Module {
public:
    /// A flow of points [B, D] with a context of width D, for D pixels.
    VariationalDequantisation(std::unique_ptr<Bijector> flow, std::int64_t levels);
    Dequantised operator()(const Tensor& x, Generator& generator);

private:
    std::unique_ptr<Bijector> flow_;
    std::int64_t levels_;
};

}  // namespace eps::models::flow
