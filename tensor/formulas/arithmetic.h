#pragma once
// Arithmetic, comparison, selection. Attributes are data members; formulas use only the primitives
// of math/dual.h.
#include "tensor/contract/derivative_table.h"

namespace eps::math {

inline constexpr auto numeric = PointwiseKind::numeric;
inline constexpr auto predicate = PointwiseKind::predicate;

/// a + b
struct Add {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T a, T b) const { return static_cast<T>(a + b); }
};
/// a - b
struct Sub {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T a, T b) const { return static_cast<T>(a - b); }
};
/// a b
struct Mul {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T a, T b) const { return static_cast<T>(a * b); }
};
/// a / b; integers divide as f32
struct Div {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return a / b; }
};
/// a^b
struct Pow {
    template <class T> EPS_HD constexpr T f(T a, T b) const { return pow(a, b); }
};
/// max(a, b); NaN wins, a tie shares the gradient equally
struct Maximum {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T a, T b) const { return max(a, b); }
};
/// min(a, b); NaN wins, a tie shares the gradient equally
struct Minimum {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T a, T b) const { return min(a, b); }
};
/// the angle of (x, y), in (-pi, pi]
struct Atan2 {
    template <class T> EPS_HD constexpr T f(T y, T x) const { return atan2(y, x); }
};
/// a - trunc(a / b) b, exactly: the sign of a, as in C; integers modulo 0 give 0
struct Fmod {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T a, T b) const { return fmod(a, b); }
};
/// a - floor(a / b) b, exactly: the sign of b, as in Python; integers modulo 0 give 0
struct Remainder {
    static constexpr auto kind = numeric;
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
    template <class T> EPS_HD constexpr T f(T x, T y) const {
        return where((x == T(0)) && ((y <= T(0)) || (y == T(__builtin_inf()))), T(0), x * log(y));
    }
};

/// x + c
struct AddScalar {
    static constexpr auto kind = numeric;
    double c = 0;
    template <class T> EPS_HD constexpr T f(T x) const {
        return static_cast<T>(x + scalar_as<T>(c));
    }
};
/// c x
struct MulScalar {
    static constexpr auto kind = numeric;
    double c = 1;
    template <class T> EPS_HD constexpr T f(T x) const {
        return static_cast<T>(scalar_as<T>(c) * x);
    }
};
/// x / c
struct DivScalar {
    double c = 1;
    template <class T> EPS_HD constexpr T f(T x) const { return x / T(c); }
};
/// c / x
struct ScalarDiv {
    double c = 1;
    template <class T> EPS_HD constexpr T f(T x) const { return T(c) / x; }
};
/// x^p
struct PowScalar {
    double p = 1;
    template <class T> EPS_HD constexpr T f(T x) const { return pow(x, T(p)); }
};
/// c^x
struct ScalarPow {
    double c = 1;
    template <class T> EPS_HD constexpr T f(T x) const { return pow(T(c), x); }
};

/// -x
struct Neg {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return static_cast<T>(-x); }
};
/// |x|; derivative 0 at 0
struct Abs {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return abs(x); }
};
/// -1, 0, 1; NaN stays NaN
struct Sign {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return sign(x); }
};
/// x^2
struct Square {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return static_cast<T>(x * x); }
};
/// 1 / x
struct Reciprocal {
    template <class T> EPS_HD constexpr T f(T x) const { return T(1) / x; }
};
/// the largest integer <= x
struct Floor {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return floor(x); }
};
/// the smallest integer >= x
struct Ceil {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return ceil(x); }
};
/// the nearest integer, halves to even
struct Round {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return round(x); }
};
/// x without its fraction
struct Trunc {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T x) const { return trunc(x); }
};
/// min(max(x, lo), hi); the gradient passes where lo <= x <= hi
struct Clamp {
    static constexpr auto kind = numeric;
    double lo = -__builtin_inf(), hi = __builtin_inf();
    template <class T> EPS_HD constexpr T f(T x) const {
        if constexpr (std::is_integral_v<T>) {  // an infinite bound does not fit an integer
            return static_cast<T>(static_cast<double>(x) < lo   ? T(lo)
                                  : static_cast<double>(x) > hi ? T(hi)
                                                                : x);
        } else {
            return where(x < T(lo), T(lo), where(x > T(hi), T(hi), x));
        }
    }
};
/// c ? a : b
struct Where {
    static constexpr auto kind = numeric;
    template <class T> EPS_HD constexpr T f(T c, T a, T b) const { return where(c != T(0), a, b); }
};
/// x + value a b
struct Addcmul {
    static constexpr auto kind = numeric;
    double value = 1;
    template <class T> EPS_HD constexpr T f(T x, T a, T b) const {
        return static_cast<T>(x + scalar_as<T>(value) * a * b);
    }
};
/// a + t (b - a)
struct Lerp {
    template <class T> EPS_HD constexpr T f(T a, T b, T t) const { return a + t * (b - a); }
};

/// a == b
struct Eq {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a == b; }
};
/// a != b
struct Ne {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a != b; }
};
/// a < b
struct Lt {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a < b; }
};
/// a <= b
struct Le {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a <= b; }
};
/// a > b
struct Gt {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a > b; }
};
/// a >= b
struct Ge {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a >= b; }
};
/// a and b are both not zero
struct LogicalAnd {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const {
        return (a != T(0)) && (b != T(0));
    }
};
/// a or b is not zero
struct LogicalOr {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const {
        return (a != T(0)) || (b != T(0));
    }
};
/// one of a and b is not zero, and the other is
struct LogicalXor {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T a, T b) const {
        return (a != T(0)) != (b != T(0));
    }
};
/// x is zero
struct LogicalNot {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T x) const { return !(x != T(0)); }
};
/// x is no number
struct IsNan {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T x) const { return isnan(x); }
};
/// x is infinite, of either sign
struct IsInf {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T x) const { return isinf(x); }
};
/// x is neither infinite nor NaN
struct IsFinite {
    static constexpr auto kind = predicate;
    template <class T> EPS_HD constexpr auto f(T x) const { return !(isnan(x) || isinf(x)); }
};

}  // namespace eps::math

/// X(arity, struct, function)
// clang-format off
#define EPS_ARITHMETIC_OPS(X)    \
    X(2, Add, add)               \
    X(2, Sub, sub)               \
    X(2, Mul, mul)               \
    X(2, Div, div)               \
    X(2, Pow, pow)               \
    X(2, Maximum, maximum)       \
    X(2, Minimum, minimum)       \
    X(2, Atan2, atan2)           \
    X(2, Remainder, remainder)   \
    X(2, Fmod, fmod)             \
    X(2, Hypot, hypot)           \
    X(2, Logaddexp, logaddexp)   \
    X(2, Xlogy, xlogy)           \
    X(3, Addcmul, addcmul)       \
    X(1, AddScalar, add_scalar)  \
    X(1, MulScalar, mul_scalar)  \
    X(1, DivScalar, div_scalar)  \
    X(1, ScalarDiv, scalar_div)  \
    X(1, PowScalar, pow_scalar)  \
    X(1, ScalarPow, scalar_pow)  \
    X(1, Neg, neg)               \
    X(1, Abs, abs)               \
    X(1, Sign, sign)             \
    X(1, Square, square)         \
    X(1, Reciprocal, reciprocal) \
    X(1, Floor, floor)           \
    X(1, Ceil, ceil)             \
    X(1, Round, round)           \
    X(1, Trunc, trunc)           \
    X(1, Clamp, clamp)           \
    X(3, Where, where)           \
    X(3, Lerp, lerp)
// clang-format on
/// Comparisons and tests: bool out, no derivative.
// clang-format off
#define EPS_PREDICATE_OPS(X)      \
    X(2, Eq, eq)                  \
    X(2, Ne, ne)                  \
    X(2, Lt, lt)                  \
    X(2, Le, le)                  \
    X(2, Gt, gt)                  \
    X(2, Ge, ge)                  \
    X(2, LogicalAnd, logical_and) \
    X(2, LogicalOr, logical_or)   \
    X(2, LogicalXor, logical_xor) \
    X(1, LogicalNot, logical_not) \
    X(1, IsNan, isnan)            \
    X(1, IsInf, isinf)            \
    X(1, IsFinite, isfinite)
// clang-format on
