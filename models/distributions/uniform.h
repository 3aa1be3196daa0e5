#pragma once
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models {

/// Uniform on the box low <= z < high, in nats.
/// Shapes: low and high [event...], one number for each element of a sample.
struct Uniform {
    Tensor low, high;

    /// The unit cube.
    static Uniform unit(const Shape& event);
    /// -> [count, event...]
    Tensor sample(std::int64_t count, Generator& generator) const;
    /// -log volume in the box, -inf outside: z [B, event...] -> [B]
    Tensor log_prob(const Tensor& z) const;
    /// log volume -> []
    Tensor entropy() const;
};
/// KL(q || p) -> []: log of the volumes' ratio, infinite unless p's box holds all of q's.
Tensor kl(const Uniform& q, const Uniform& p);

}  // namespace eps::models
