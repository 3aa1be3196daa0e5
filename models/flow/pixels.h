#pragma once
// Between pixels of 2^n levels and densities on the line.
#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// The line onto (0, 1) and a rim; backwards, logit(alpha + (1 - 2 alpha) x): a density on pixels
/// need not end at 0 and 1   (Dinh et al. 2017, section 4.1). Transform gives numbers from -alpha /
/// (1 - 2 alpha) to as much above 1, and the inverse takes these; it throws on others.
class Logit final : public Bijector {
public:
    explicit Logit(double alpha = 0.05);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& x, const Tensor& context = {}) override;
    std::string name() const override { return "logit"; }

private:
    double alpha_;
};

/// y = (x + u) / levels in [0, 1), with log q(u|x) [B].
struct Dequantised {
    Tensor y, log_q;
};
/// u uniform in [0, 1), log q = 0. x [B, ...] holds whole numbers 0 .. levels - 1; others throw
/// (Uria et al. 2013; Theis et al. 2016, section 3.1)
Dequantised dequantise(const Tensor& x, std::int64_t levels, Generator& generator);

/// u = sigmoid(f(noise)) of a flow f that is told x: log P(x) >= E[ log p(y) - log q(u|x) ] - D log
/// levels, with equality where q is the posterior (Ho et al. 2019, section 3.1).
class VariationalDequantisation final : public nn::Module {
public:
    /// A flow of points [B, D] with a context of width D, where D is how many pixels there are.
    VariationalDequantisation(std::unique_ptr<Bijector> flow, std::int64_t levels);
    Dequantised operator()(const Tensor& x, Generator& generator);

private:
    std::unique_ptr<Bijector> flow_;
    std::int64_t levels_;
};

}  // namespace eps::models::flow
