#pragma once
#include "models/bijector.h"
#include "tensor/random.h"

namespace eps::models::flow {

/// z' = W z, W = P L (U + diag(sign exp(log_diagonal))): of features [B, D], or of the channels of
/// each pixel [B, C, H, W], a 1x1 convolution; log |det| = H W sum log_diagonal. P and the signs
/// stay what they were in a random rotation, where W starts   (Kingma & Dhariwal 2018,
/// section 3.2).
class InvertibleLinear final : public Bijector {
public:
    InvertibleLinear(std::int64_t channels, Generator& generator);
    Transformed transform(const Tensor& z, const Tensor& context = {}) override;
    Transformed inverse(const Tensor& z, const Tensor& context = {}) override;
    std::string name() const override { return "invertible linear"; }

    // [C, C] x 3, [C], [C]; only what is below, or above, the diagonal of L, or U, is read
    Tensor p, lower, upper, log_diagonal, sign;

private:
    Tensor unit_lower() const;
    Tensor full_upper() const;
    void check_input(const Tensor& z) const;

    std::int64_t channels_;
};

/// The features of [B, D] in another order, drawn once, or reversed; log |det| = 0.
class Permutation final : public Bijector {
public:
    Permutation(std::int64_t dim, Generator& generator);
    /// D - 1, .., 0
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
