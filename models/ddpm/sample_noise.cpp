#include "models/ddpm/sample_noise.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/shape/join.h"

namespace eps::models::ddpm {

SampleNoise::SampleNoise(std::uint64_t seed, std::int64_t first, std::int64_t count) {
    check(first >= 0 && count >= 0, "SampleNoise", "negative numbers of samples; got first ", first,
          ", count ", count);
    const Generator root(seed);
    for (std::int64_t n = 0; n < count; ++n)
        generators_.push_back(root.fork(static_cast<std::uint64_t>(first + n)));
}

Tensor SampleNoise::normal(const Shape& sample, Options options) {
    if (generators_.empty()) {
        Shape none = sample;
        none.insert(0, 0);
        return empty(none, options);
    }
    NoGrad guard;
    std::vector<Tensor> rows;
    for (Generator& generator : generators_) rows.push_back(randn(sample, options, generator));
    return stack(rows);
}

Tensor SampleNoise::normal_like(const Tensor& x) {
    check(
        x.defined() && x.rank() >= 1 && x.size(0) == static_cast<std::int64_t>(generators_.size()),
        "SampleNoise", "has noise for ", generators_.size(), " samples; got ", describe(x));
    Shape sample = x.shape();
    sample.erase(0);
    return normal(sample, x.options());
}

}  // namespace eps::models::ddpm
