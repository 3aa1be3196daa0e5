#pragma once
// Dual numbers: v + d e with e^2 = 0. Evaluating f on v + 1 e gives f(v) + f'(v) e, so the rules
// below, one for each scalar primitive, contain every pointwise derivative of the library:
//
//     f(a)      derivative                     f(a, b)    derivatives by a and b
//     exp       exp(a)                         a + b      1, 1
//     log       1 / a                          a b        b, a
//     sqrt      1 / (2 sqrt(a))                a / b      1 / b, -a / b^2
//     sin       cos(a)                         pow        b a^(b - 1), a^b log(a)
//     tanh      1 - tanh(a)^2                  max        1 by the larger; ties share, 1/2 each
//     sigmoid   sigmoid(a) (1 - sigmoid(a))    where      that of the number chosen
//     abs       sign(a)                        fmod       1, -trunc(a / b)
//     sign, floor, ceil, round, trunc   0
//
// Nested, as in Dual<Dual<float>>, they give higher derivatives.
//
// `active` says whether the number depends on the seeded variable at all. It is known at compile
// time, since every function here is inlined and every seed is a constant, so it costs nothing. It
// keeps 0 * inf from making NaN in a derivative that is simply zero.
#include <concepts>
#include <type_traits>

#include "tensor/scalar/formula_errors.h"
#include "tensor/scalar/functions.h"
#include "tensor/scalar/gelu.h"
#include "tensor/scalar/integer.h"
#include "tensor/scalar/normal.h"

namespace eps::math {

/// A C++ number type that is not T itself.
template <class U, class T>
concept OtherNumber = std::is_arithmetic_v<U> && !std::is_same_v<U, T>;

template <class T> struct Dual {
    T v;
    T d;
    bool active;

    EPS_HD constexpr Dual(T value, T tangent, bool is_active)
        : v(value), d(tangent), active(is_active) {}
    EPS_HD constexpr Dual(T constant) : v(constant), d(T(0)), active(false) {}
    /// A constant. Explicit, so that formulas write T(0.5) and stay in their own precision.
    template <OtherNumber<T> U>
    EPS_HD constexpr explicit Dual(U constant) : v(T(constant)), d(T(0)), active(false) {}

    // It exists for its error message: a formula that needs it is wrong.
    template <std::same_as<double> Number> EPS_HD constexpr operator Number() const {
        return formula_needs_a_plain_number<Number>();
    }
};

/// The chain rule for one argument: f(a) = {value, derivative * a'}.
template <class T> EPS_HD constexpr Dual<T> chain(T value, T derivative, const Dual<T>& a) {
    return {value, a.active ? derivative * a.d : T(0), a.active};
}
/// The chain rule for two arguments: f(a, b) = {value, df_da * a' + df_db * b'}.
template <class T>
EPS_HD constexpr Dual<T> chain(T value, T df_da, const Dual<T>& a, T df_db, const Dual<T>& b) {
    return {value,
            a.active && b.active ? df_da * a.d + df_db * b.d
            : a.active           ? df_da * a.d
            : b.active           ? df_db * b.d
                                 : T(0),
            a.active || b.active};
}

// Arithmetic, written out rather than through chain(): a derivative of 1 should leave no
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

// Comparisons use values only. At a kink the derivative is that of the branch taken: relu'(0) = 0
// with relu(x) = where(x > 0, x, 0).
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
    return chain(gelu(a.v), gelu_derivative(a.v), a);
}
template <class T> EPS_HD constexpr Dual<T> gelu_derivative(const Dual<T>& a) {
    return chain(gelu_derivative(a.v),
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
    // Ties share the derivative equally, as in PyTorch's maximum and amax.
    const T half = T(0.5);
    const T d_da = where(a.v > b.v, T(1), where(a.v == b.v, half, T(0)));
    return chain(max(a.v, b.v), d_da, a, T(1) - d_da, b);
}
template <class T> EPS_HD constexpr Dual<T> min(const Dual<T>& a, const Dual<T>& b) {
    return -max(-a, -b);
}
template <class T> EPS_HD constexpr Dual<T> pow(const Dual<T>& a, const Dual<T>& b) {
    // d/da = b a^(b-1), zero for b = 0 even at a = 0;  d/db = a^b log a, zero at a = 0 for b >= 0.
    const T y = pow(a.v, b.v);
    const T d_da = a.active ? where(b.v == T(0), T(0), b.v * pow(a.v, b.v - T(1))) : T(0);
    const T d_db =
        b.active ? where(a.v == T(0), where(b.v >= T(0), T(0), y * log(a.v)), y * log(a.v)) : T(0);
    return chain(y, d_da, a, d_db, b);
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
    const T difference = a.v - b.v;
    // Equal infinities differ by NaN; they share the derivative equally.
    const T d = where(difference == difference, difference, T(0));
    return chain(logaddexp(a.v, b.v), sigmoid(d), a, sigmoid(-d), b);
}

}  // namespace eps::math
