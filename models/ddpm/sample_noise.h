#pragma once
// Noise that depends on the number of the sample alone, so that a batch may be split anywhere.
#include <cstdint>
#include <vector>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// A stream of independent normal noise for each sample, chosen by the sample's number: sample n
/// draws the same in any batch.
class SampleNoise {
public:
    /// Samples first .. first + count - 1 of the stream `seed`.
    SampleNoise(std::uint64_t seed, std::int64_t first, std::int64_t count);
    /// The next draw from each sample's stream, N(0, I) -> [count, sample..]
    Tensor normal(const Shape& sample, Options options = {});
    /// The same in x's shape, dtype and device.
    /// Throws: unless x has `count` samples.
    Tensor normal_like(const Tensor& x);

private:
    std::vector<Generator> generators_;  // one for each sample
};

}  // namespace eps::models::ddpm
