#pragma once
// Noise by the number of the sample, so that a batch may be cut anywhere.
#include <cstdint>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// Independent noise for each sample of the batch, by its number: what it draws for sample n does
/// not depend on which batch n is in.
class SampleNoise {
public:
    /// Samples first .. first + count - 1 of the stream `seed`.
    SampleNoise(std::uint64_t seed, std::int64_t first, std::int64_t count);
    /// N(0, I) -> [count, sample..]; the next draw of each sample's own stream.
    Tensor normal(const Shape& sample, Options options = {});
    /// The same of x's shape without its first dimension, dtype and device; throws unless x has
    /// `count` samples.
    Tensor normal_like(const Tensor& x);

private:
    std::vector<Generator> generators_;  // one a sample
};

}  // namespace eps::models::ddpm
