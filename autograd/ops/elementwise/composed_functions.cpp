#include "autograd/ops/elementwise/composed_functions.h"

#include <cmath>

#include "autograd/ops/checker.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"

namespace eps {
namespace {

Tensor number(double value, const Tensor& like) { return full({}, value, like.options()); }

}  // namespace

// Near 1/2 it is 2 atanh(2 x - 1), in which 2 x - 1 is exact; the difference of logarithms would
// cancel. Each form is given an x that it likes where the other one counts, so that no infinite
// slope meets a gradient of 0.
Tensor logit(const Tensor& x, double epsilon) {
    const Checker check("logit");
    check.computes(x);
    check(epsilon >= 0 && epsilon < 0.5, "epsilon must be 0 to 1/2; got ", epsilon);
    const Tensor real = is_floating(x.dtype()) ? x : to(x, f32);
    const Tensor p = epsilon > 0 ? clamp(real, {.lo = epsilon, .hi = 1 - epsilon}) : real;
    const Tensor central = logical_and(p > 0.25, p < 0.75);
    const Tensor near = where(central, p, number(0.5, p));
    const Tensor far = where(central, number(0.125, p), p);
    return where(central, 2.0 * atanh(2.0 * near - 1.0), log(far) - log1p(-far));
}

Tensor softplus(const Tensor& x, double beta) {
    const Checker check("softplus");
    check.computes(x);
    check(beta > 0 && std::isfinite(beta), "beta must be positive; got ", beta);
    return beta == 1 ? softplus(x) : softplus(x * beta) / beta;
}

Tensor nan_to_num(const Tensor& x, const NanToNumOptions& o) {
    const Checker check("nan_to_num");
    check.computes(x);
    if (!is_floating(x.dtype())) return x;
    const double largest = x.dtype() == f32 ? static_cast<double>(std::numeric_limits<float>::max())
                                            : std::numeric_limits<double>::max();
    const auto finite = [&](double value) {
        return std::isinf(value) ? std::copysign(largest, value) : value;
    };
    const double inf = std::numeric_limits<double>::infinity();
    const Tensor numbers = where(isnan(x), number(o.nan, x), x);
    const Tensor below = where(eq(numbers, inf), number(finite(o.posinf), x), numbers);
    return where(eq(below, -inf), number(finite(o.neginf), x), below);
}

namespace {

// In f64 the quotient of large numbers is rounded: what is missing is the quotient of the rest,
// which is small.
Tensor divided_integers(const Tensor& a, const Tensor& b, RoundingMode mode) {
    const Tensor x = to(a, i64), y = to(b, i64);
    const Tensor is_zero = eq(y, 0.0);
    const Tensor divisor = where(is_zero, ones({}, y.options()), y);
    const Tensor real = to(divisor, f64);
    const Tensor first = to(floor(to(x, f64) / real), i64);
    const Tensor rest = x - first * divisor;
    Tensor quotient = first + to(floor(to(rest, f64) / real), i64);
    if (mode == RoundingMode::trunc) {  // one more than floor where signs differ and a rest is left
        const Tensor left = ne(x - quotient * divisor, 0.0);
        const Tensor negative = ne(x < 0.0, divisor < 0.0);
        quotient = quotient + to(logical_and(left, negative), i64);
    }
    return where(is_zero, zeros({}, y.options()), quotient);
}

}  // namespace

Tensor div(const Tensor& a, const Tensor& b, RoundingMode mode) {
    const Checker check("div");
    check.computes(a);
    check.computes(b);
    if (!is_floating(a.dtype()) && !is_floating(b.dtype())) return divided_integers(a, b, mode);
    if (mode == RoundingMode::trunc) return trunc(a / b);
    return where(eq(b, 0.0), floor(a / b), round((a - remainder(a, b)) / b));
}

Tensor clamp(const Tensor& x, const Tensor& lo, const Tensor& hi) {
    const Checker check("clamp");
    check.computes(x);
    check(lo.defined() || hi.defined(), "needs a bound; got none");
    Tensor y = x;
    if (lo.defined()) y = where(logical_or(y >= lo, isnan(y)), y, lo);
    if (hi.defined()) y = where(logical_or(y <= hi, isnan(y)), y, hi);
    return y;
}

}  // namespace eps
