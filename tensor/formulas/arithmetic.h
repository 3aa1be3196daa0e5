#pragma once
// Arithmetic and selection. `: Numeric` says that an op also computes on integers, exactly.
#include "tensor/contract/derivative_table.h"
#include "tensor/formulas/attributes.h"

namespace eps::math {

/// a + b
struct Add : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return static_cast<T>(a + b); }
};
/// a - b
struct Sub : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return static_cast<T>(a - b); }
};
/// a b
struct Mul : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return static_cast<T>(a * b); }
};
/// a / b; integers divide as f32
struct Div {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return a / b; }
};
/// a b, and 0 where a or b is 0, even if the other is infinite or NaN: for gradients
struct MulNoNan : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return mul_no_nan(a, b); }
};
/// a^b
struct Pow {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return pow(a, b); }
};
/// max(a, b); NaN wins, a tie shares the gradient equally
struct Maximum : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return max(a, b); }
};
/// min(a, b); NaN wins, a tie shares the gradient equally
struct Minimum : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return min(a, b); }
};
/// the angle of (x, y), in (-pi, pi]
struct Atan2 {
    template <class T> EPS_HD constexpr T f(T y, T x) const { return atan2(y, x); }
};
/// a - trunc(a / b) b, exactly: the sign of a, as in C; integers modulo 0 give 0
struct Fmod : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return fmod(a, b); }
};
/// a - floor(a / b) b, exactly: the sign of b, as in Python; integers modulo 0 give 0
struct Remainder : Numeric {
    template <class T> EPS_HD constexpr T f(T a, T b) const {
        const T r = fmod(a, b);
        return where((r != T(0)) && ((r < T(0)) != (b < T(0))), static_cast<T>(r + b), r);
    }
};
/// sqrt(a^2 + b^2) without overflow; derivative 0 at (0, 0)
struct Hypot {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return hypot(a, b); }
};
/// log(e^a + e^b)
struct Logaddexp {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return logaddexp(a, b); }
};
/// x log y, and 0 where x is 0 whatever y
struct Xlogy {
    template <class T> EPS_HD constexpr T f(T x, T y) const { return xlogy(x, y); }
};

/// x + c
struct AddScalar : Numeric, AddScalarAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return static_cast<T>(x + scalar_as<T>(c));
    }
};
/// c x
struct MulScalar : Numeric, MulScalarAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return static_cast<T>(scalar_as<T>(c) * x);
    }
};
/// x / c
struct DivScalar : DivScalarAttributes {
    template <class T> EPS_HD constexpr T f(T x) const { return x / T(c); }
};
/// c / x
struct ScalarDiv : ScalarDivAttributes {
    template <class T> EPS_HD constexpr T f(T x) const { return T(c) / x; }
};
/// x^p
struct PowScalar : PowScalarAttributes {
    template <class T> EPS_HD constexpr T f(T x) const { return pow(x, T(p)); }
};
/// c^x
struct ScalarPow : ScalarPowAttributes {
    template <class T> EPS_HD constexpr T f(T x) const { return pow(T(c), x); }
};

/// -x
struct Neg : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return static_cast<T>(-x); }
};
/// |x|; derivative 0 at 0
struct Abs : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return abs(x); }
};
/// -1, 0, 1; NaN stays NaN
struct Sign : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return sign(x); }
};
/// x^2
struct Square : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return static_cast<T>(x * x); }
};
/// 1 / x
struct Reciprocal {
    template <class T> EPS_HD constexpr T f(T x) const { return T(1) / x; }
};
/// the largest integer <= x
struct Floor : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return floor(x); }
};
/// the smallest integer >= x
struct Ceil : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return ceil(x); }
};
/// the nearest integer, halves to even
struct Round : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return round(x); }
};
/// x without its fraction
struct Trunc : Numeric {
    template <class T> EPS_HD constexpr T f(T x) const { return trunc(x); }
};
/// min(max(x, lo), hi); the gradient passes where lo <= x <= hi
struct Clamp : Numeric, ClampAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        if constexpr (std::is_integral_v<T>) {  // an infinite bound does not fit an integer
            using Limits = std::numeric_limits<T>;
            const bool below = lo > static_cast<double>(Limits::lowest()) && x < scalar_as<T>(lo);
            const T least = below ? scalar_as<T>(lo) : x;
            const bool above = hi < static_cast<double>(Limits::max()) && least > scalar_as<T>(hi);
            return above ? scalar_as<T>(hi) : least;
        } else {
            const T least = where(x < T(lo), T(lo), x);
            return where(least > T(hi), T(hi), least);
        }
    }
};
/// c ? a : b
struct Where : Numeric {
    template <class T> EPS_HD constexpr T f(T c, T a, T b) const { return where(c != T(0), a, b); }
};
/// x + value a b
struct Addcmul : Numeric, AddcmulAttributes {
    template <class T> EPS_HD constexpr T f(T x, T a, T b) const {
        return static_cast<T>(x + scalar_as<T>(value) * (a * b));
    }
};
/// a + t (b - a), from the nearer end, so that t = 0 gives a and t = 1 gives b
struct Lerp {
    template <class T> EPS_HD constexpr T f(T a, T b, T t) const {
        return where(t < T(0.5), a + t * (b - a), b - (T(1) - t) * (b - a));
    }
};

}  // namespace eps::math
