#include "autograd/ops/elementwise/arithmetic.h"

#include "tensor/create.h"

namespace eps {
namespace {

// c as x will be compared with it: integers in f64.
Tensor like(const char* op, const Tensor& x, double c) {
    check(x.defined(), op, "the tensor is undefined");
    return full({}, c, {is_floating(x.dtype()) ? x.dtype() : f64, x.device()});
}

}  // namespace

Tensor operator+(const Tensor& x, double c) { return add_scalar(x, {c}); }
Tensor operator*(const Tensor& x, double c) { return mul_scalar(x, {c}); }
Tensor operator<(const Tensor& x, double c) { return lt(x, like("lt", x, c)); }
Tensor operator<=(const Tensor& x, double c) { return le(x, like("le", x, c)); }
Tensor operator>(const Tensor& x, double c) { return gt(x, like("gt", x, c)); }
Tensor operator>=(const Tensor& x, double c) { return ge(x, like("ge", x, c)); }
Tensor eq(const Tensor& x, double c) { return eq(x, like("eq", x, c)); }
Tensor ne(const Tensor& x, double c) { return ne(x, like("ne", x, c)); }

}  // namespace eps
