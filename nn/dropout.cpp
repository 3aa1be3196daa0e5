#include "nn/dropout.h"

#include "autograd/ops/arithmetic.h"

namespace eps::nn {

Dropout::Dropout(double p, Generator& generator) : p_(p), generator_(generator) {
    check(p >= 0 && p <= 1, "Dropout", "not a probability; got p = ", p, "; expected 0 to 1");
}

Tensor Dropout::forward(const Tensor& x) {
    check(x.defined() && (x.dtype() == f32 || x.dtype() == f64), "Dropout", "needs f32 or f64; got ", describe(x));
    if (!is_training() || p_ == 0) return x;
    const double keep = 1 - p_;
    const Tensor mask = bernoulli(keep, x.shape(), x.options(), generator_);
    return x * (keep > 0 ? mask / keep : mask);
}

}  // namespace eps::nn
