#pragma once
// Functions of elements that are made of pointwise ones.
#include <cstdint>
#include <limits>

#include "tensor/tensor.h"

namespace eps {

/// The inverse of sigmoid, log(x / (1 - x)), in a form that keeps its digits near 1/2. With
/// epsilon > 0 x is clamped to [epsilon, 1 - epsilon] first, and the gradient beyond is 0.
Tensor logit(const Tensor& x, double epsilon = 0);

/// softplus(beta x) / beta, which comes closer to relu for a larger beta.
/// Throws unless beta > 0.
Tensor softplus(const Tensor& x, double beta);

struct NanToNumOptions {
    double nan = 0;
    // Infinity stands for the largest finite number of x's dtype.
    double posinf = std::numeric_limits<double>::infinity();
    double neginf = -std::numeric_limits<double>::infinity();
};
/// x with numbers in the place of NaN and of infinities. The gradient there is 0.
Tensor nan_to_num(const Tensor& x, const NanToNumOptions& options = {});

enum class RoundingMode : std::uint8_t {
    trunc,  // towards zero, as integers are divided in C
    floor,  // downwards, as in Python
};
/// a / b, rounded to a whole number; the gradient is 0. Integers are divided exactly and give i64,
/// or 0 where b is 0. With floor the result belongs to remainder(a, b), even where a / b rounds up
/// to a whole number.
Tensor div(const Tensor& a, const Tensor& b, RoundingMode mode);

/// min(max(x, lo), hi) with tensors for bounds, either of which may be undefined; where lo > hi
/// that is hi. All broadcast. At a bound x has the gradient.
Tensor clamp(const Tensor& x, const Tensor& lo, const Tensor& hi);

}  // namespace eps
