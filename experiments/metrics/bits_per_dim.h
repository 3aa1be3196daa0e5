#pragma once
// Likelihoods of images as the literature reports them, in bits a pixel.
#include <cmath>
#include <numbers>

#include "autograd/ops/elementwise/arithmetic.h"
#include "tensor/tensor.h"

namespace eps::metrics {

/// -log p of a sample of `elements` = D elements, in nats, as bits an element: nats / (D ln 2).
inline double bits_per_dim(double nats, std::int64_t elements) {
    return nats / (static_cast<double>(elements) * std::numbers::ln2);
}

/// The same from a density of dequantised data, log p(y) - log q(u|x) in nats [B], of values in
/// steps of 1 / levels: -log p / (D ln 2) + log2(levels) -> [B]   (Theis et al. 2016)
inline Tensor bits_per_dim(const Tensor& log_prob, std::int64_t elements,
                           std::int64_t levels = 256) {
    check(elements >= 1 && levels >= 1, "bits_per_dim",
          "needs at least one element and level; got ", elements, " and ", levels);
    return log_prob * bits_per_dim(-1, elements) + std::log2(static_cast<double>(levels));
}

}  // namespace eps::metrics
