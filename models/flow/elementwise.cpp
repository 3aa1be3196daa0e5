#include "models/flow/elementwise.h"

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::models::flow {

ElementwiseBijector::Output Additive::forward(const Tensor& x, const Tensor& theta) const {
    return {x + theta, zeros_like(x)};
}
ElementwiseBijector::Output Additive::inverse(const Tensor& y, const Tensor& theta) const {
    return {y - theta, zeros_like(y)};
}

Affine::Affine(double limit) : limit_(limit) {
    check(limit > 0, "Affine", "the limit of |log scale| must be positive; got ", limit);
}

Tensor Affine::log_scale(const Tensor& theta, std::int64_t count) const {
    const Tensor raw = narrow(theta, 1, 0, count);
    return limit_ == 1 ? tanh(raw) : limit_ * tanh(raw / limit_);
}

ElementwiseBijector::Output Affine::forward(const Tensor& x, const Tensor& theta) const {
    const Tensor s = log_scale(theta, x.size(1));
    return {affine_coupling(x, s, narrow(theta, 1, x.size(1), x.size(1))), s};
}

ElementwiseBijector::Output Affine::inverse(const Tensor& y, const Tensor& theta) const {
    const Tensor s = log_scale(theta, y.size(1));
    return {(y - narrow(theta, 1, y.size(1), y.size(1))) * exp(-s), -s};
}

}  // namespace eps::models::flow
