#include "models/flow/base.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "models/per_sample.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

void check_event(const char* base, const Tensor& z, const Shape& event) {
    Shape got = z.defined() ? z.shape() : Shape{};
    const bool batched = got.rank() == event.rank() + 1;
    if (batched) got.erase(0);
    check(batched && got == event, base, "a sample has the shape ", event, "; got as a batch ",
          describe(z));
}

void check_count(std::int64_t count) {
    check(count >= 0, "sample", "a negative number of samples; got ", count);
}

}  // namespace

NormalBase::NormalBase(const Shape& event, bool learned) : mu(zeros(event)), log_var(zeros(event)) {
    const auto own = [&](const char* name, Tensor& x) {
        learned ? add_parameter(name, x) : add_buffer(name, x);
    };
    own("mu", mu);
    own("log_var", log_var);
}

Tensor NormalBase::log_prob(const Tensor& z) {
    check_event("NormalBase", z, mu.shape());
    return sum_per_sample(normal_log_prob(z, mu, log_var));
}

Tensor NormalBase::sample(std::int64_t count, Generator& generator) {
    check_count(count);
    Shape shape = mu.shape();
    shape.insert(0, count);
    return reparameterise(mu, log_var, randn(shape, mu.options(), generator));
}

MixtureBase::MixtureBase(std::int64_t components, std::int64_t dim, Generator& generator) {
    check(components >= 1 && dim >= 1, "MixtureBase", "needs components and dimensions; got ",
          components, " and ", dim);
    logit = zeros({components});
    mu = randn({components, dim}, generator);
    log_var = zeros({components, dim});
    add_parameter("logit", logit);
    add_parameter("mu", mu);
    add_parameter("log_var", log_var);
}

Tensor MixtureBase::log_prob(const Tensor& z) {
    check_event("MixtureBase", z, {mu.size(1)});
    return distribution().log_prob(z);
}

Tensor MixtureBase::sample(std::int64_t count, Generator& generator) {
    check_count(count);
    return distribution().sample(count, generator);
}

UniformBase::UniformBase(Tensor low_, Tensor high_) : low(std::move(low_)), high(std::move(high_)) {
    check(low.defined() && high.defined() && low.shape() == high.shape() &&
              low.dtype() == high.dtype() && is_floating(low.dtype()),
          "UniformBase", "needs two corners of one shape and floating dtype");
    check(all(low < high).item() != 0, "UniformBase", "every low must be below its high");
    add_buffer("low", low);
    add_buffer("high", high);
}

UniformBase::UniformBase(const Shape& event) : UniformBase(zeros(event), ones(event)) {}

Tensor UniformBase::log_prob(const Tensor& z) {
    check_event("UniformBase", z, low.shape());
    return Uniform{low, high}.log_prob(z);
}

Tensor UniformBase::sample(std::int64_t count, Generator& generator) {
    check_count(count);
    return Uniform{low, high}.sample(count, generator);
}

}  // namespace eps::models::flow
