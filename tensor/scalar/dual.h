#pragma once
// The derivatives of all scalar primitives as rules for dual numbers (tensor/scalar/dual_number.h).
// Every pointwise derivative of the library is made of them:
//
//     f(a)      derivative                     f(a, b)    derivatives by a and b
//     exp       exp(a)                         a + b      1, 1
//     log       1 / a                          a b        b, a
//     sqrt      1 / (2 sqrt(a))                a / b      1 / b, -a / b^2
//     sin       cos(a)                         pow        b a^(b - 1), a^b log(a)
//     tanh      4 sigmoid'(2 a)                max        1 by the larger; ties share, 1/2 each
//     sigmoid   sigmoid(a) (1 - sigmoid(a))    where      that of the number chosen
//     abs       sign(a)                        fmod       1, -(a - fmod(a, b)) / b
//     sign, floor, ceil, round, trunc   0
//
// Each rule keeps its digits over the whole range of arguments: none subtracts what cancels or
// squares what overflows where another form does not.
#include "tensor/scalar/dual_number.h"
#include "tensor/scalar/gelu.h"
#include "tensor/scalar/integer.h"
#include "tensor/scalar/normal.h"

namespace eps::math {

template <class T> EPS_HD constexpr Dual<T> exp(const Dual<T>& a) {
    const T y = exp(a.v);
    return chain(y, y, a);
}
template <class T> EPS_HD constexpr Dual<T> exp2(const Dual<T>& a) {
    const T y = exp2(a.v);
    return chain(y, y * T(0.69314718055994531), a);
}
template <class T> EPS_HD constexpr Dual<T> expm1(const Dual<T>& a) {
    return chain(expm1(a.v), exp(a.v), a);  // expm1 + 1 would be 0 where e^x is small
}
template <class T> EPS_HD constexpr Dual<T> exp_excess(const Dual<T>& a) {
    return chain(exp_excess(a.v), expm1(a.v), a);
}
/// e^(c a^2)
template <class T> EPS_HD constexpr Dual<T> exp_of_square(const Dual<T>& a, double c) {
    const T y = exp_of_square(a.v, c);
    return chain(y, (T(2 * c) * a.v) * y, a);
}
template <class T> EPS_HD constexpr Dual<T> log(const Dual<T>& a) {
    return chain(log(a.v), T(1) / a.v, a);
}
template <class T> EPS_HD constexpr Dual<T> log2(const Dual<T>& a) {
    return chain(log2(a.v), T(1.4426950408889634) / a.v, a);
}
template <class T> EPS_HD constexpr Dual<T> log10(const Dual<T>& a) {
    return chain(log10(a.v), T(0.43429448190325183) / a.v, a);
}
template <class T> EPS_HD constexpr Dual<T> log1p(const Dual<T>& a) {
    return chain(log1p(a.v), T(1) / (T(1) + a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> sqrt(const Dual<T>& a) {
    const T y = sqrt(a.v);
    return chain(y, T(0.5) / y, a);
}
template <class T> EPS_HD constexpr Dual<T> rsqrt(const Dual<T>& a) {
    const T y = rsqrt(a.v);
    return chain(y, T(-0.5) * y / a.v, a);
}
template <class T> EPS_HD constexpr Dual<T> cbrt(const Dual<T>& a) {
    const T y = cbrt(a.v);
    return chain(y, T(0.33333333333333333) / (y * y), a);
}
template <class T> EPS_HD constexpr Dual<T> tanh(const Dual<T>& a) {
    return chain(tanh(a.v), T(4) * sigmoid_derivative(T(2) * a.v), a);  // 1 - tanh^2 would cancel
}
template <class T> EPS_HD constexpr Dual<T> sigmoid(const Dual<T>& a) {
    return chain(sigmoid(a.v), sigmoid_derivative(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> sigmoid_derivative(const Dual<T>& a) {
    const T slope = sigmoid_derivative(a.v);
    return chain(slope, slope * (T(1) - T(2) * sigmoid(a.v)), a);
}
template <class T> EPS_HD constexpr Dual<T> softplus(const Dual<T>& a) {
    return chain(softplus(a.v), sigmoid(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> softsign(const Dual<T>& a) {
    const T r = T(1) / (T(1) + abs(a.v));  // the quotient rule would cancel
    return chain(softsign(a.v), r * r, a);
}
template <class T> EPS_HD constexpr Dual<T> erf(const Dual<T>& a) {
    return chain(erf(a.v), T(1.1283791670955126) * exp_of_square(a.v, -1), a);
}
template <class T> EPS_HD constexpr Dual<T> erfc(const Dual<T>& a) {
    return chain(erfc(a.v), T(-1.1283791670955126) * exp_of_square(a.v, -1), a);
}
template <class T> EPS_HD constexpr Dual<T> ndtr(const Dual<T>& a) {
    return chain(ndtr(a.v), T(0.3989422804014327) * exp_of_square(a.v, -0.5), a);
}
template <class T> EPS_HD constexpr Dual<T> log_ndtr(const Dual<T>& a) {
    return chain(log_ndtr(a.v), inverse_mills(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> inverse_mills(const Dual<T>& a) {
    const T y = inverse_mills(a.v);
    return chain(y, -y * mills_excess(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> mills_excess(const Dual<T>& a) {
    const T y = mills_excess(a.v);
    return chain(y, T(1) - inverse_mills(a.v) * y, a);
}
template <class T> EPS_HD constexpr Dual<T> gelu(const Dual<T>& a) {
    return chain(gelu(a.v), gelu_derivative(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> gelu_derivative(const Dual<T>& a) {
    const T x = where(abs(a.v) > T(40), T(40), a.v);  // where the bell is 0: a^2 may overflow
    return chain(gelu_derivative(a.v),
                 T(0.3989422804014327) * exp_of_square(a.v, -0.5) * (T(2) - x * x), a);
}
template <class T> EPS_HD constexpr Dual<T> sin(const Dual<T>& a) {
    return chain(sin(a.v), cos(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> cos(const Dual<T>& a) {
    return chain(cos(a.v), -sin(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> tan(const Dual<T>& a) {
    const T y = tan(a.v);
    return chain(y, T(1) + y * y, a);
}
template <class T> EPS_HD constexpr Dual<T> asin(const Dual<T>& a) {
    return chain(asin(a.v), rsqrt((T(1) - a.v) * (T(1) + a.v)), a);
}
template <class T> EPS_HD constexpr Dual<T> acos(const Dual<T>& a) {
    return chain(acos(a.v), -rsqrt((T(1) - a.v) * (T(1) + a.v)), a);
}
// Beyond kFar 1 + a^2 rounds to a^2, in f64 too, which may overflow for yet larger a. g++
// vectorises a selection between two values before a division or after it, and none around it.
inline constexpr double kFar = 1e9;
template <class T> EPS_HD constexpr Dual<T> atan(const Dual<T>& a) {
    const auto far = abs(a.v) > T(kFar);
    const T r = T(1) / where(far, a.v, T(1) + a.v * a.v);
    return chain(atan(a.v), where(far, r * r, r), a);
}
template <class T> EPS_HD constexpr Dual<T> sinh(const Dual<T>& a) {
    return chain(sinh(a.v), cosh(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> cosh(const Dual<T>& a) {
    return chain(cosh(a.v), sinh(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> asinh(const Dual<T>& a) {
    const T root = sqrt(T(1) + a.v * a.v);
    return chain(asinh(a.v), T(1) / where(abs(a.v) > T(kFar), abs(a.v), root), a);
}
template <class T> EPS_HD constexpr Dual<T> acosh(const Dual<T>& a) {
    const T root = sqrt((a.v - T(1)) * (a.v + T(1)));
    return chain(acosh(a.v), T(1) / where(abs(a.v) > T(kFar), abs(a.v), root), a);
}
template <class T> EPS_HD constexpr Dual<T> atanh(const Dual<T>& a) {
    return chain(atanh(a.v), T(1) / ((T(1) - a.v) * (T(1) + a.v)), a);
}
template <class T> EPS_HD constexpr Dual<T> sign(const Dual<T>& a) { return Dual<T>(sign(a.v)); }
template <class T> EPS_HD constexpr Dual<T> floor(const Dual<T>& a) { return Dual<T>(floor(a.v)); }
template <class T> EPS_HD constexpr Dual<T> ceil(const Dual<T>& a) { return Dual<T>(ceil(a.v)); }
template <class T> EPS_HD constexpr Dual<T> round(const Dual<T>& a) { return Dual<T>(round(a.v)); }
template <class T> EPS_HD constexpr Dual<T> trunc(const Dual<T>& a) { return Dual<T>(trunc(a.v)); }
template <class T> EPS_HD constexpr Dual<T> abs(const Dual<T>& a) {
    return {abs(a.v), a.active ? sign(a.v) * a.d : T(0), a.active};
}
template <class T> EPS_HD constexpr Dual<T> max(const Dual<T>& a, const Dual<T>& b) {
    // Ties share the derivative equally, as in PyTorch's maximum and amax.
    const T half = T(0.5);
    const T d_da = where(a.v > b.v, T(1), where(a.v == b.v, half, T(0)));
    return chain(max(a.v, b.v), d_da, a, T(1) - d_da, b);
}
template <class T> EPS_HD constexpr Dual<T> min(const Dual<T>& a, const Dual<T>& b) {
    return -max(-a, -b);
}
/// a^(b - 1). Where b - 1 is no number of type T, as 2^24 + 1 is no float, it is rounded to b or
/// b - 2, which is even where b - 1 is odd. A power that is neither 0 nor inf has |a| = 1 nearly
/// then, so that only the sign has to be mended.
template <class T> EPS_HD constexpr T pow_less_one(const T& a, const T& b) {
    const T exponent = b - T(1), y = pow(a, exponent);
    const auto odd = abs((b - exponent) - T(1)) == T(1), whole = floor(b) == b;
    return where(a < T(0), where(whole, where(odd, -y, y), T(__builtin_nan(""))), y);
}
template <class T> EPS_HD constexpr Dual<T> pow(const Dual<T>& a, const Dual<T>& b) {
    // d/da = b a^(b-1), zero for b = 0 even at a = 0;  d/db = a^b log a, zero at a = 0 for b >= 0.
    const T y = pow(a.v, b.v);
    const T d_da = a.active ? where(b.v == T(0), T(0), b.v * pow_less_one(a.v, b.v)) : T(0);
    const T d_db =
        b.active ? where(a.v == T(0), where(b.v >= T(0), T(0), y * log(a.v)), y * log(a.v)) : T(0);
    return chain(y, d_da, a, d_db, b);
}
template <class T> EPS_HD constexpr Dual<T> atan2(const Dual<T>& y, const Dual<T>& x) {
    // x / r^2 and -y / r^2, scaled by the larger of both: the square of either may over- or
    // underflow.
    const T scale = constant(max(abs(x.v), abs(y.v))), u = x.v / scale, v = y.v / scale;
    const T square = u * u + v * v;
    return chain(atan2(y.v, x.v), u / square / scale, y, -v / square / scale, x);
}
template <class T> EPS_HD constexpr Dual<T> hypot(const Dual<T>& a, const Dual<T>& b) {
    // a / y and b / y, scaled because y overflows before them.
    const T scale = constant(max(abs(a.v), abs(b.v))), u = a.v / scale, v = b.v / scale;
    const T root = sqrt(u * u + v * v);
    const auto zero = scale == T(0);
    return chain(hypot(a.v, b.v), where(zero, T(0), u / root), a, where(zero, T(0), v / root), b);
}
template <class T> EPS_HD constexpr Dual<T> fmod(const Dual<T>& a, const Dual<T>& b) {
    const T r = fmod(a.v, b.v);  // a - trunc(a / b) b, where the quotient alone may round up
    return chain(r, T(1), a, -round((a.v - r) / b.v), b);
}
template <class T> EPS_HD constexpr Dual<T> xlogy(const Dual<T>& x, const Dual<T>& y) {
    const auto zero = (x.v == T(0)) && ((y.v <= T(0)) || (y.v == T(__builtin_inf())));
    return chain(xlogy(x.v, y.v), where(zero, T(0), log(y.v)), x, where(zero, T(0), x.v / y.v), y);
}
template <class T> EPS_HD constexpr Dual<T> logaddexp(const Dual<T>& a, const Dual<T>& b) {
    const T difference = a.v - b.v;
    // Equal infinities differ by NaN; they share the derivative equally.
    const T d = where(difference == difference, difference, T(0));
    return chain(logaddexp(a.v, b.v), sigmoid(d), a, sigmoid(-d), b);
}

}  // namespace eps::math
