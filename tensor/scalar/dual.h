#pragma once
// Dual numbers: v + d*e with e*e = 0. Evaluating f on v + 1*e gives f(v) + f'(v)*e, so the rules
// below, one per scalar primitive, are the whole derivative table of the library. Nested
// (Dual<Dual<float>>) they give higher derivatives.
//
// `active` says whether the number depends on the seeded variable at all. It is known at compile
// time (every function here is inlined and every seed is a constant), costs nothing, and keeps 0 *
// inf from making NaN in a derivative that is simply zero.
#include <type_traits>

#include "tensor/scalar/functions.h"
#include "tensor/scalar/gelu.h"
#include "tensor/scalar/integer.h"
#include "tensor/scalar/normal.h"

namespace eps::math {

template <class T> struct Dual {
    T v;
    T d;
    bool active;

    EPS_HD constexpr Dual(T value, T tangent, bool is_active)
        : v(value), d(tangent), active(is_active) {}
    EPS_HD constexpr Dual(T constant) : v(constant), d(T(0)), active(false) {}
    /// A constant; explicit, so that a formula says T(0.5) and stays in its own precision.
    template <class U>
    EPS_HD constexpr explicit Dual(U constant) requires std::is_arithmetic_v<U> &&
        (!std::is_same_v<U, T>)
        : v(T(constant)), d(T(0)), active(false) {}
};

/// Chain rule for one argument: f(a) = {value, slope * a'}.
template <class T> EPS_HD constexpr Dual<T> chain(T value, T slope, const Dual<T>& a) {
    return {value, a.active ? slope * a.d : T(0), a.active};
}
/// Chain rule for two arguments.
template <class T>
EPS_HD constexpr Dual<T> chain(T value, T slope_a, const Dual<T>& a, T slope_b, const Dual<T>& b) {
    return {value,
            a.active && b.active ? slope_a * a.d + slope_b * b.d
            : a.active           ? slope_a * a.d
            : b.active           ? slope_b * b.d
                                 : T(0),
            a.active || b.active};
}

// Arithmetic. Written out rather than through chain(): a slope of one should leave no
// multiplication.
template <class T> EPS_HD constexpr Dual<T> operator-(const Dual<T>& a) {
    return {-a.v, a.active ? -a.d : T(0), a.active};
}
template <class T> EPS_HD constexpr Dual<T> operator+(const Dual<T>& a, const Dual<T>& b) {
    return {a.v + b.v,
            a.active && b.active ? a.d + b.d
            : a.active           ? a.d
                                 : b.d,
            a.active || b.active};
}
template <class T> EPS_HD constexpr Dual<T> operator-(const Dual<T>& a, const Dual<T>& b) {
    return {a.v - b.v,
            a.active && b.active ? a.d - b.d
            : a.active           ? a.d
            : b.active           ? -b.d
                                 : T(0),
            a.active || b.active};
}
template <class T> EPS_HD constexpr Dual<T> operator*(const Dual<T>& a, const Dual<T>& b) {
    return {a.v * b.v,
            a.active && b.active ? a.d * b.v + a.v * b.d
            : a.active           ? a.d * b.v
            : b.active           ? a.v * b.d
                                 : T(0),
            a.active || b.active};
}
template <class T> EPS_HD constexpr Dual<T> operator/(const Dual<T>& a, const Dual<T>& b) {
    const T q = a.v / b.v;  // (a/b)' = (a' - (a/b) b') / b
    return {q,
            a.active && b.active ? (a.d - q * b.d) / b.v
            : a.active           ? a.d / b.v
            : b.active           ? -q * b.d / b.v
                                 : T(0),
            a.active || b.active};
}

// Comparisons look at values only: kinks follow the branch taken, so relu'(0) = 0 where relu(x) =
// where(x > 0, x, 0).
template <class T> EPS_HD constexpr auto operator<(const Dual<T>& a, const Dual<T>& b) {
    return a.v < b.v;
}
template <class T> EPS_HD constexpr auto operator>(const Dual<T>& a, const Dual<T>& b) {
    return a.v > b.v;
}
template <class T> EPS_HD constexpr auto operator<=(const Dual<T>& a, const Dual<T>& b) {
    return a.v <= b.v;
}
template <class T> EPS_HD constexpr auto operator>=(const Dual<T>& a, const Dual<T>& b) {
    return a.v >= b.v;
}
template <class T> EPS_HD constexpr auto operator==(const Dual<T>& a, const Dual<T>& b) {
    return a.v == b.v;
}
template <class T> EPS_HD constexpr auto operator!=(const Dual<T>& a, const Dual<T>& b) {
    return a.v != b.v;
}

/// Selects value and tangent together: the tangent of the branch not taken is never multiplied by
/// zero, so it cannot leak NaN.
template <class C, class T>
EPS_HD constexpr Dual<T> where(C condition, const Dual<T>& a, const Dual<T>& b) {
    return {where(condition, a.v, b.v), a.active || b.active ? where(condition, a.d, b.d) : T(0),
            a.active || b.active};
}

// Primitives.
template <class T> EPS_HD constexpr Dual<T> exp(const Dual<T>& a) {
    const T y = exp(a.v);
    return chain(y, y, a);
}
template <class T> EPS_HD constexpr Dual<T> exp2(const Dual<T>& a) {
    const T y = exp2(a.v);
    return chain(y, y * T(0.69314718055994531), a);
}
template <class T> EPS_HD constexpr Dual<T> expm1(const Dual<T>& a) {
    const T y = expm1(a.v);
    return chain(y, y + T(1), a);
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
    const T y = tanh(a.v);
    return chain(y, T(1) - y * y, a);
}
template <class T> EPS_HD constexpr Dual<T> sigmoid(const Dual<T>& a) {
    const T y = sigmoid(a.v);
    return chain(y, y * (T(1) - y), a);
}
template <class T> EPS_HD constexpr Dual<T> softplus(const Dual<T>& a) {
    return chain(softplus(a.v), sigmoid(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> erf(const Dual<T>& a) {
    return chain(erf(a.v), T(1.1283791670955126) * exp(-(a.v * a.v)), a);
}
template <class T> EPS_HD constexpr Dual<T> erfc(const Dual<T>& a) {
    return chain(erfc(a.v), T(-1.1283791670955126) * exp(-(a.v * a.v)), a);
}
template <class T> EPS_HD constexpr Dual<T> ndtr(const Dual<T>& a) {
    return chain(ndtr(a.v), T(0.3989422804014327) * exp(T(-0.5) * a.v * a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> log_ndtr(const Dual<T>& a) {
    return chain(log_ndtr(a.v), inverse_mills(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> inverse_mills(const Dual<T>& a) {
    const T y = inverse_mills(a.v);
    return chain(y, -y * (a.v + y), a);
}
template <class T> EPS_HD constexpr Dual<T> gelu(const Dual<T>& a) {
    return chain(gelu(a.v), gelu_slope(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> gelu_slope(const Dual<T>& a) {
    return chain(gelu_slope(a.v),
                 T(0.3989422804014327) * exp(T(-0.5) * a.v * a.v) * (T(2) - a.v * a.v), a);
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
template <class T> EPS_HD constexpr Dual<T> atan(const Dual<T>& a) {
    return chain(atan(a.v), T(1) / (T(1) + a.v * a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> sinh(const Dual<T>& a) {
    return chain(sinh(a.v), cosh(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> cosh(const Dual<T>& a) {
    return chain(cosh(a.v), sinh(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> asinh(const Dual<T>& a) {
    return chain(asinh(a.v), rsqrt(T(1) + a.v * a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> acosh(const Dual<T>& a) {
    return chain(acosh(a.v), rsqrt((a.v - T(1)) * (a.v + T(1))), a);
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
    // A tie shares the slope equally, as amax and PyTorch's maximum do.
    const T half = T(0.5);
    const T slope_a = where(a.v > b.v, T(1), where(a.v == b.v, half, T(0)));
    return chain(max(a.v, b.v), slope_a, a, T(1) - slope_a, b);
}
template <class T> EPS_HD constexpr Dual<T> min(const Dual<T>& a, const Dual<T>& b) {
    return -max(-a, -b);
}
template <class T> EPS_HD constexpr Dual<T> pow(const Dual<T>& a, const Dual<T>& b) {
    // d/da = b a^(b-1), zero for b = 0 even at a = 0;  d/db = a^b log a, zero at a = 0 for b >= 0.
    const T y = pow(a.v, b.v);
    const T slope_a = a.active ? where(b.v == T(0), T(0), b.v * pow(a.v, b.v - T(1))) : T(0);
    const T slope_b =
        b.active ? where(a.v == T(0), where(b.v >= T(0), T(0), y * log(a.v)), y * log(a.v)) : T(0);
    return chain(y, slope_a, a, slope_b, b);
}
template <class T> EPS_HD constexpr Dual<T> atan2(const Dual<T>& y, const Dual<T>& x) {
    const T r2 = x.v * x.v + y.v * y.v;
    return chain(atan2(y.v, x.v), x.v / r2, y, -y.v / r2, x);
}
template <class T> EPS_HD constexpr Dual<T> hypot(const Dual<T>& a, const Dual<T>& b) {
    const T y = hypot(a.v, b.v);
    return chain(y, where(y == T(0), T(0), a.v / y), a, where(y == T(0), T(0), b.v / y), b);
}
template <class T> EPS_HD constexpr Dual<T> fmod(const Dual<T>& a, const Dual<T>& b) {
    return chain(fmod(a.v, b.v), T(1), a, -trunc(a.v / b.v), b);  // a - trunc(a / b) b
}
template <class T> EPS_HD constexpr Dual<T> logaddexp(const Dual<T>& a, const Dual<T>& b) {
    // inf - inf shares the slope
    const T difference = a.v - b.v, d = where(difference == difference, difference, T(0));
    return chain(logaddexp(a.v, b.v), sigmoid(d), a, sigmoid(-d), b);
}

}  // namespace eps::math
