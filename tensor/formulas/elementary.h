#pragma once
// Exponentials, logarithms, trigonometric and hyperbolic functions, roots, erf. A formula whose
// derivative is cheaper from its output has derivative_from_output(y) = f'(x); its op then saves y
// instead of x.
#include "tensor/contract/derivative_table.h"

namespace eps::math {

/// e^x
struct Exp {
    template <class T> EPS_HD constexpr T f(T x) const { return exp(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const { return y; }
};
/// 2^x
struct Exp2 {
    template <class T> EPS_HD constexpr T f(T x) const { return exp2(x); }
};
/// e^x - 1 without cancellation near 0
struct Expm1 {
    template <class T> EPS_HD constexpr T f(T x) const { return expm1(x); }
};
/// the natural logarithm
struct Log {
    template <class T> EPS_HD constexpr T f(T x) const { return log(x); }
};
/// the logarithm to base 2
struct Log2 {
    template <class T> EPS_HD constexpr T f(T x) const { return log2(x); }
};
/// the logarithm to base 10
struct Log10 {
    template <class T> EPS_HD constexpr T f(T x) const { return log10(x); }
};
/// log(1 + x) without cancellation near 0
struct Log1p {
    template <class T> EPS_HD constexpr T f(T x) const { return log1p(x); }
};
/// the square root; the derivative at 0 is infinite
struct Sqrt {
    template <class T> EPS_HD constexpr T f(T x) const { return sqrt(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const { return T(0.5) / y; }
};
/// 1 / sqrt(x)
struct Rsqrt {
    template <class T> EPS_HD constexpr T f(T x) const { return rsqrt(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const {
        return T(-0.5) * y * y * y;
    }
};
/// the cube root, real for either sign of x
struct Cbrt {
    template <class T> EPS_HD constexpr T f(T x) const { return cbrt(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const {
        return T(0.33333333333333333) / (y * y);
    }
};
/// the sine
struct Sin {
    template <class T> EPS_HD constexpr T f(T x) const { return sin(x); }
};
/// the cosine
struct Cos {
    template <class T> EPS_HD constexpr T f(T x) const { return cos(x); }
};
/// sin(x) / cos(x)
struct Tan {
    template <class T> EPS_HD constexpr T f(T x) const { return tan(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const { return T(1) + y * y; }
};
/// the angle in [-pi/2, pi/2] whose sine is x
struct Asin {
    template <class T> EPS_HD constexpr T f(T x) const { return asin(x); }
};
/// the angle in [0, pi] whose cosine is x
struct Acos {
    template <class T> EPS_HD constexpr T f(T x) const { return acos(x); }
};
/// the angle in (-pi/2, pi/2) whose tangent is x
struct Atan {
    template <class T> EPS_HD constexpr T f(T x) const { return atan(x); }
};
/// (e^x - e^-x) / 2
struct Sinh {
    template <class T> EPS_HD constexpr T f(T x) const { return sinh(x); }
};
/// (e^x + e^-x) / 2
struct Cosh {
    template <class T> EPS_HD constexpr T f(T x) const { return cosh(x); }
};
/// log(x + sqrt(x^2 + 1)), for either sign without cancellation
struct Asinh {
    template <class T> EPS_HD constexpr T f(T x) const { return asinh(x); }
};
/// log(x + sqrt(x^2 - 1)), x >= 1
struct Acosh {
    template <class T> EPS_HD constexpr T f(T x) const { return acosh(x); }
};
/// log((1 + x) / (1 - x)) / 2
struct Atanh {
    template <class T> EPS_HD constexpr T f(T x) const { return atanh(x); }
};
/// (e^x - e^-x) / (e^x + e^-x); the derivative 1 - y^2 is taken from the output y, so that its
/// error is relative to 1, not to itself, where |y| is nearly 1
struct Tanh {
    template <class T> EPS_HD constexpr T f(T x) const { return tanh(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const { return T(1) - y * y; }
};
/// 2/sqrt(pi) int_0^x exp(-t^2) dt
struct Erf {
    template <class T> EPS_HD constexpr T f(T x) const { return erf(x); }
};
/// 1 - erf(x), accurate where that is tiny
struct Erfc {
    template <class T> EPS_HD constexpr T f(T x) const { return erfc(x); }
};
/// Phi(x), the distribution function of N(0, 1)
struct Ndtr {
    template <class T> EPS_HD constexpr T f(T x) const { return ndtr(x); }
};
/// log Phi(x), accurate in both tails
struct LogNdtr {
    template <class T> EPS_HD constexpr T f(T x) const { return log_ndtr(x); }
};

}  // namespace eps::math
