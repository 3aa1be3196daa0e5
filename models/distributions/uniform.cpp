#include "models/distributions/uniform.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "models/per_sample.h"
#include "tensor/create.h"

namespace eps::models {

Uniform Uniform::unit(const Shape& event) { return {zeros(event), ones(event)}; }

Tensor Uniform::sample(std::int64_t count, Generator& generator) const {
    Shape shape = low.shape();
    shape.insert(0, count);
    return low + rand(shape, low.options(), generator) * (high - low);
}

Tensor Uniform::log_prob(const Tensor& z) const {
    const Tensor inside = logical_and(z >= low, z < high);
    return sum_per_sample(where(inside, -log(high - low), Tensor(-INFINITY, z.options())));
}

Tensor Uniform::entropy() const { return sum(log(high - low)); }

Tensor kl(const Uniform& q, const Uniform& p) {
    const Tensor inside = logical_and(q.low >= p.low, q.high <= p.high);
    return where(all(inside), p.entropy() - q.entropy(), Tensor(INFINITY, q.low.options()));
}

}  // namespace eps::models
