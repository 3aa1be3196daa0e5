#pragma once
// Image likelihoods as the literature reports them: in bits per dimension.
#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "tensor/tensor.h"

namespace eps::metrics {

/// -log p in nats of a sample of D = `elements` elements, in bits per element:
///     nats / (D ln 2)
inline double bits_per_dim(double nats, std::int64_t elements) {
    return nats / (static_cast<double>(elements) * std::numbers::ln2);
}

/// The same from a log-density of dequantised data, log p(y) - log q(u|x), whose values are steps
/// of 1 / levels:
///     -log p / (D ln 2) + log2(levels)
/// Shapes: log_prob [B] in nats -> [B].
/// Source: Theis et al. 2016.
inline Tensor bits_per_dim(const Tensor& log_prob, std::int64_t elements,
                           std::int64_t levels = 256) {
    check(elements >= 1 && levels >= 1, "bits_per_dim",
          "needs at least one element and level; got ", elements, " and ", levels);
    return log_prob * bits_per_dim(-1, elements) + std::log2(static_cast<double>(levels));
}

}  // namespace eps::metrics
