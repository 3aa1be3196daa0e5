#pragma once
#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// z' = W z with W = P L (U + diag(sign exp(log_diagonal))), on features [B, D] or on the channels
/// of each pixel of [B, C, H, W] (a 1x1 convolution); log |det| = H W sum log_diagonal. W starts as
/// a random rotation, whose P and signs are kept.
/// Source: Kingma & Dhariwal 2018, section 3.2.
class InvertibleLinear final : public Bijector {
public:
    InvertibleLinear(std::int64_t channels, Generator& generator);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "invertible linear"; }

    Tensor p;                   // [C, C]
    Tensor lower, upper;        // [C, C], read below and above the diagonal only
    Tensor log_diagonal, sign;  // [C]

private:
    /// P, L and U in f64. W and its inverse are computed from them and rounded once each: in f32
    /// they would not fit one another, and a round trip through many layers would lose digits.
    struct Factors {
        Tensor p, lower, upper;
    };
    Factors factors() const;
    void check_input(const Tensor& z) const;

    std::int64_t channels_;
};

/// A fixed permutation of the features of [B, D]; log |det| = 0.
class Permutation final : public Bijector {
public:
    /// A random order, drawn once.
    Permutation(std::int64_t dim, Generator& generator);
    /// The reverse order, D - 1, .., 0.
    explicit Permutation(std::int64_t dim);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "permutation"; }

private:
    Permutation(std::int64_t dim, Tensor order);
    std::int64_t dim_;
    Tensor order_, back_;  // i64 [D]
};

}  // namespace eps::models::flow
