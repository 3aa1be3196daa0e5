#include "nn/layers/dropout.h"

#include "autograd/ops/elementwise/arithmetic.h"

namespace eps::nn {
namespace {

void check_probability(const char* layer, double p) {
    check(p >= 0 && p <= 1, layer, "not a probability; got p = ", p, "; expected 0 to 1");
}

// x times a random mask of this shape, which broadcasts to that of x.
Tensor dropped(const Tensor& x, const Shape& shape, double p, Generator& generator) {
    const double keep = 1 - p;
    const Tensor mask = bernoulli(keep, shape, x.options(), generator);
    return x * (keep > 0 ? mask / keep : mask);
}

}  // namespace

Dropout::Dropout(double p, Generator& generator) : p_(p), generator_(generator) {
    check_probability("Dropout", p);
}

Tensor Dropout::forward(const Tensor& x) {
    check(x.defined() && (x.dtype() == f32 || x.dtype() == f64), "Dropout",
          "needs f32 or f64; got ", describe(x));
    return is_training() && p_ > 0 ? dropped(x, x.shape(), p_, generator_) : x;
}

Dropout2d::Dropout2d(double p, Generator& generator) : p_(p), generator_(generator) {
    check_probability("Dropout2d", p);
}

Tensor Dropout2d::forward(const Tensor& x) {
    check(x.defined() && x.rank() >= 2 && (x.dtype() == f32 || x.dtype() == f64), "Dropout2d",
          "needs f32 or f64 [B, C, ..]; got ", describe(x));
    Shape channels = x.shape();
    for (int d = 2; d < x.rank(); ++d) channels[d] = 1;
    return is_training() && p_ > 0 ? dropped(x, channels, p_, generator_) : x;
}

std::string Dropout::extra_repr() const { return str("p ", p_); }
std::string Dropout2d::extra_repr() const { return str("p ", p_); }

}  // namespace eps::nn
