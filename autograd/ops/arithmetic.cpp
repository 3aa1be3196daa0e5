#include "autograd/ops/arithmetic.h"

#include <cmath>

#include "tensor/create.h"

namespace eps {
namespace {

// An integer tensor takes whole numbers only: x + 0.5 would silently be x.
double whole_for(const Tensor& x, double c, const char* op) {
    check(x.defined(), op, "the tensor is undefined");
    check(is_floating(x.dtype()) || c == std::floor(c), op, "a fractional scalar with an integer tensor; got ", c, " and ", describe(x),
          "; hint: to(x, f32) first");
    return c;
}

Tensor like(const Tensor& x, double c) {
    check(x.defined(), "comparison", "the tensor is undefined");
    return full({}, c, {is_floating(x.dtype()) ? x.dtype() : f64, x.device()});
}

}  // namespace

Tensor operator+(const Tensor& x, double c) { return add_scalar(x, {whole_for(x, c, "add_scalar")}); }
Tensor operator*(const Tensor& x, double c) { return mul_scalar(x, {whole_for(x, c, "mul_scalar")}); }
Tensor operator<(const Tensor& x, double c) { return lt(x, like(x, c)); }
Tensor operator<=(const Tensor& x, double c) { return le(x, like(x, c)); }
Tensor operator>(const Tensor& x, double c) { return gt(x, like(x, c)); }
Tensor operator>=(const Tensor& x, double c) { return ge(x, like(x, c)); }
Tensor eq(const Tensor& x, double c) { return eq(x, like(x, c)); }
Tensor ne(const Tensor& x, double c) { return ne(x, like(x, c)); }

}  // namespace eps
