#pragma once
// Dual numbers: v + d e with e^2 = 0, their arithmetic, comparisons and selection. Evaluating f on
// v + 1 e gives f(v) + f'(v) e. Nested, as in Dual<Dual<float>>, they give higher derivatives.
//
// `active` says whether the number depends on the seeded variable at all. It is known at compile
// time, since every function here is inlined and every seed is a constant, so it costs nothing. It
// keeps 0 * inf from making NaN in a derivative that is simply zero.
#include <concepts>
#include <type_traits>

#include "tensor/scalar/formula_errors.h"
#include "tensor/scalar/functions.h"

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

/// The number alone: a constant at every order of derivatives.
template <Arithmetic T> EPS_HD constexpr T constant(T x) { return x; }
template <class T> EPS_HD constexpr Dual<T> constant(const Dual<T>& a) {
    return Dual<T>(constant(a.v));
}

/// The product of a gradient and a slope. Each term of its derivative is such a product again, so
/// that an infinite slope behind a 0 is harmless at every order.
template <class T> EPS_HD constexpr Dual<T> mul_no_nan(const Dual<T>& a, const Dual<T>& b) {
    return {mul_no_nan(a.v, b.v),
            a.active && b.active ? mul_no_nan(a.d, b.v) + mul_no_nan(a.v, b.d)
            : a.active           ? mul_no_nan(a.d, b.v)
            : b.active           ? mul_no_nan(a.v, b.d)
                                 : T(0),
            a.active || b.active};
}

/// Selects value and tangent together: the tangent of the branch not taken is never multiplied by
/// zero, so it cannot leak NaN.
template <class C, class T>
EPS_HD constexpr Dual<T> where(C condition, const Dual<T>& a, const Dual<T>& b) {
    return {where(condition, a.v, b.v), a.active || b.active ? where(condition, a.d, b.d) : T(0),
            a.active || b.active};
}

}  // namespace eps::math
