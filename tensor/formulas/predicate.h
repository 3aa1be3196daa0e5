#pragma once
// Comparisons and tests: they take any dtype that computes, return bool, and have no derivative.
#include "tensor/contract/derivative_table.h"

namespace eps::math {

/// a == b
struct Eq : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a == b; }
};
/// a != b
struct Ne : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a != b; }
};
/// a < b
struct Lt : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a < b; }
};
/// a <= b
struct Le : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a <= b; }
};
/// a > b
struct Gt : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a > b; }
};
/// a >= b
struct Ge : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const { return a >= b; }
};
/// a and b are both not zero
struct LogicalAnd : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const {
        return (a != T(0)) && (b != T(0));
    }
};
/// a or b is not zero
struct LogicalOr : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const {
        return (a != T(0)) || (b != T(0));
    }
};
/// exactly one of a and b is zero
struct LogicalXor : Predicate {
    template <class T> EPS_HD constexpr auto f(T a, T b) const {
        return (a != T(0)) != (b != T(0));
    }
};
/// x is zero
struct LogicalNot : Predicate {
    template <class T> EPS_HD constexpr auto f(T x) const { return !(x != T(0)); }
};
/// x is NaN
struct IsNan : Predicate {
    template <class T> EPS_HD constexpr auto f(T x) const { return isnan(x); }
};
/// x is infinite, of either sign
struct IsInf : Predicate {
    template <class T> EPS_HD constexpr auto f(T x) const { return isinf(x); }
};
/// x is neither infinite nor NaN
struct IsFinite : Predicate {
    template <class T> EPS_HD constexpr auto f(T x) const { return !(isnan(x) || isinf(x)); }
};

}  // namespace eps::math
