#pragma once
// Operators. A scalar takes the tensor's dtype and device: x * 2.0 on f32 stays f32, and on i64
// needs a whole number.
#include "autograd/ops/elementwise/pointwise_functions.h"

namespace eps {

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

Tensor operator+(const Tensor& x, double c);
Tensor operator*(const Tensor& x, double c);
inline Tensor operator+(double c, const Tensor& x) { return x + c; }
inline Tensor operator-(const Tensor& x, double c) { return x + -c; }
inline Tensor operator-(double c, const Tensor& x) { return -x + c; }
inline Tensor operator*(double c, const Tensor& x) { return x * c; }
inline Tensor operator/(const Tensor& x, double c) { return div_scalar(x, {c}); }
inline Tensor operator/(double c, const Tensor& x) { return scalar_div(x, {c}); }
inline Tensor pow(const Tensor& x, double p) { return p == 2 ? square(x) : pow_scalar(x, {p}); }
inline Tensor pow(double c, const Tensor& x) { return scalar_pow(x, {c}); }

// Comparisons give bool tensors.
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
Tensor operator<(const Tensor& x, double c);
Tensor operator<=(const Tensor& x, double c);
Tensor operator>(const Tensor& x, double c);
Tensor operator>=(const Tensor& x, double c);
Tensor eq(const Tensor& x, double c);
Tensor ne(const Tensor& x, double c);

}  // namespace eps
