#include "models/flow/autoregressive.h"

#include <cmath>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/shape/shape.h"
#include "models/per_sample.h"
#include "nn/init.h"
#include "nn/layers/linear.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

using Degrees = std::vector<std::int64_t>;

// 1 .. count, repeated up to `length`.
Degrees in_turn(std::int64_t length, std::int64_t count) {
    Degrees degrees;
    for (std::int64_t i = 0; i < length; ++i)
        degrees.push_back(i % std::max<std::int64_t>(count, 1) + 1);
    return degrees;
}

Tensor column(const Degrees& degrees) {
    return reshape(tensor(std::vector<double>(degrees.begin(), degrees.end())), {-1, 1});
}

}  // namespace

// An output of degree d depends on inputs of degree at most d, in the last layer of less than d.
Made::Masked::Masked(const Degrees& in, const Degrees& out, bool strict, Generator& generator) {
    const auto rows = static_cast<std::int64_t>(out.size());
    const auto columns = static_cast<std::int64_t>(in.size());
    const double bound = 1 / std::sqrt(static_cast<double>(columns));
    weight = empty({rows, columns});
    nn::init::uniform_(weight, -bound, bound, generator);
    bias = zeros({rows});
    const Tensor from = transpose(column(in)), into = column(out);
    mask = eps::to(strict ? from < into : from <= into, f32);
    add_parameter("weight", weight);
    add_parameter("bias", bias);
    add_buffer("mask", mask);
}

Tensor Made::Masked::forward(const Tensor& x) { return linear(x, weight * mask, bias); }

Made::Made(std::int64_t dim, std::int64_t parameters, std::int64_t width, std::int64_t hidden,
           Generator& generator, std::int64_t context) {
    check(dim >= 1 && parameters >= 1 && width >= 1 && hidden >= 1, "Made",
          "needs positive numbers; got dim ", dim, ", parameters ", parameters, ", width ", width,
          ", hidden layers ", hidden);
    const Degrees inside = in_turn(width, dim - 1), outputs = in_turn(parameters * dim, dim);
    for (std::int64_t i = 0; i <= hidden; ++i) {
        const bool last = i == hidden;
        layers_.push_back(std::make_unique<Masked>(i == 0 ? in_turn(dim, dim) : inside,
                                                   last ? outputs : inside, last, generator));
        add("layer" + std::to_string(i), *layers_.back());
    }
    nn::init::zeros_(layers_.back()->weight);  // so that the flow starts as the identity
    if (context == 0) return;
    context_ = std::make_unique<nn::Linear>(
        context, width, nn::LinearOptions{.bias = false, .generator = &generator});
    add("context", *context_);
}

Tensor Made::operator()(const Tensor& x, const Tensor& context) {
    Tensor h = (*layers_[0])(x);
    if (context_) h = h + (*context_)(context);
    for (std::size_t i = 1; i < layers_.size(); ++i) h = (*layers_[i])(relu(h));
    return h;
}

Autoregressive::Autoregressive(std::int64_t dim, std::unique_ptr<ElementwiseBijector> map,
                               const Options& options, Generator& generator)
    : dim_(dim),
      context_(options.context),
      quick_(options.quick),
      map_(std::move(map)),
      made_(dim, map_ ? map_->parameters() : 0, options.width, options.hidden, generator,
            options.context) {
    add("made", made_);
}

void Autoregressive::check_input(const Tensor& z, const Tensor& context) const {
    check_vectors("autoregressive flow", z, dim_);
    check_context("autoregressive flow", z, context, context_);
}

Transformed Autoregressive::in_one_pass(const Tensor& z, const Tensor& context,
                                        Direction direction) {
    check_input(z, context);
    const ElementwiseBijector::Output out = (map_.get()->*direction)(z, made_(z, context));
    return {out.y, sum_per_sample(out.log_derivative)};
}

// After k passes the first k elements are final, since they do not depend on later ones.
Transformed Autoregressive::in_dim_passes(const Tensor& z, const Tensor& context,
                                          Direction direction) {
    check_input(z, context);
    ElementwiseBijector::Output out{zeros_like(z), {}};
    for (std::int64_t i = 0; i < dim_; ++i)
        out = (map_.get()->*direction)(z, made_(out.y, context));
    return {out.y, sum_per_sample(out.log_derivative)};
}

Transformed Autoregressive::transform(const Tensor& z, const Tensor& context) {
    return quick_ == Quick::transform ? in_one_pass(z, context, &ElementwiseBijector::forward)
                                      : in_dim_passes(z, context, &ElementwiseBijector::forward);
}

Transformed Autoregressive::inverse(const Tensor& z, const Tensor& context) {
    return quick_ == Quick::inverse ? in_one_pass(z, context, &ElementwiseBijector::inverse)
                                    : in_dim_passes(z, context, &ElementwiseBijector::inverse);
}

}  // namespace eps::models::flow
