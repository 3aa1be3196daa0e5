#pragma once
// Operators. A scalar takes the tensor's dtype and device: x * 2.0 on f32 stays f32, and on i64
// it must be a whole number. Sums, products and comparisons with i64 are exact, beyond 2^53 too.
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tensor/exact_number.h"

namespace eps {

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

Tensor operator+(const Tensor& x, Number c);
Tensor operator*(const Tensor& x, Number c);
inline Tensor operator+(Number c, const Tensor& x) { return x + c; }
inline Tensor operator-(const Tensor& x, Number c) { return x + -c; }
inline Tensor operator-(Number c, const Tensor& x) { return -x + c; }
inline Tensor operator*(Number c, const Tensor& x) { return x * c; }
inline Tensor operator/(const Tensor& x, double c) { return div_scalar(x, {c}); }
inline Tensor operator/(double c, const Tensor& x) { return scalar_div(x, {c}); }
inline Tensor pow(const Tensor& x, double p) { return p == 2 ? square(x) : pow_scalar(x, {p}); }
inline Tensor pow(double c, const Tensor& x) { return scalar_pow(x, {c}); }

/// x += y is x = x + y (`add`): it rebinds x to a new tensor, so that derivatives stay right.
/// Other handles and views keep the old value: to change a parameter that a module holds, write
/// into it with copy_() in a NoGrad scope.
/// Throws if x would change its shape or dtype; then write x = x + y.
Tensor& operator+=(Tensor& x, const Tensor& y);
Tensor& operator-=(Tensor& x, const Tensor& y);
Tensor& operator*=(Tensor& x, const Tensor& y);
Tensor& operator/=(Tensor& x, const Tensor& y);
Tensor& operator+=(Tensor& x, Number c);
Tensor& operator-=(Tensor& x, Number c);
Tensor& operator*=(Tensor& x, Number c);
Tensor& operator/=(Tensor& x, double c);

// Comparisons give bool tensors.
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
// With a C++ number as well.
Tensor operator<(const Tensor& x, Number c);
Tensor operator<=(const Tensor& x, Number c);
Tensor operator>(const Tensor& x, Number c);
Tensor operator>=(const Tensor& x, Number c);
Tensor eq(const Tensor& x, Number c);
Tensor ne(const Tensor& x, Number c);

}  // namespace eps
