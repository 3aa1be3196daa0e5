#include "autograd/ops/elementwise/arithmetic.h"

#include "tensor/create.h"

namespace eps {
namespace {

// A rank-0 tensor of c, to compare x with: in x's dtype, but integers are compared in f64.
Tensor like(const char* op, const Tensor& x, double c) {
    check(x.defined(), op, "the tensor is undefined");
    return full({}, c, {is_floating(x.dtype()) ? x.dtype() : f64, x.device()});
}

Tensor& rebind(const char* op, Tensor& x, Tensor result) {
    check(result.shape() == x.shape() && result.dtype() == x.dtype(), op,
          "x would change its shape or dtype; got x ", describe(x), " and a result ",
          describe(result), "; hint: assign the result to a variable of its own");
    return x = std::move(result);
}

}  // namespace

Tensor operator+(const Tensor& x, double c) { return add_scalar(x, {c}); }
Tensor operator*(const Tensor& x, double c) { return mul_scalar(x, {c}); }

Tensor& operator+=(Tensor& x, const Tensor& y) { return rebind("operator+=", x, x + y); }
Tensor& operator-=(Tensor& x, const Tensor& y) { return rebind("operator-=", x, x - y); }
Tensor& operator*=(Tensor& x, const Tensor& y) { return rebind("operator*=", x, x * y); }
Tensor& operator/=(Tensor& x, const Tensor& y) { return rebind("operator/=", x, x / y); }
Tensor& operator+=(Tensor& x, double c) { return rebind("operator+=", x, x + c); }
Tensor& operator-=(Tensor& x, double c) { return rebind("operator-=", x, x - c); }
Tensor& operator*=(Tensor& x, double c) { return rebind("operator*=", x, x * c); }
Tensor& operator/=(Tensor& x, double c) { return rebind("operator/=", x, x / c); }

Tensor operator<(const Tensor& x, double c) { return lt(x, like("lt", x, c)); }
Tensor operator<=(const Tensor& x, double c) { return le(x, like("le", x, c)); }
Tensor operator>(const Tensor& x, double c) { return gt(x, like("gt", x, c)); }
Tensor operator>=(const Tensor& x, double c) { return ge(x, like("ge", x, c)); }
Tensor eq(const Tensor& x, double c) { return eq(x, like("eq", x, c)); }
Tensor ne(const Tensor& x, double c) { return ne(x, like("ne", x, c)); }

}  // namespace eps
