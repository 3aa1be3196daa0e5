#pragma once
// Trace: a scalar without a value that remembers which inputs it was computed from. A formula or
// its derivative, evaluated on Traces at compile time, tells what a backward kernel has to read
// (mul: only the other factor) and which derivatives are zero (floor) or one (add). So nothing
// useless is saved, read or launched.
#include <concepts>
#include <cstdint>
#include <type_traits>

#include "tensor/scalar/formula_errors.h"
#include "tensor/scalar/hd.h"

namespace eps::math {

struct Trace {
    enum class Kind : std::uint8_t { zero, one, other };
    std::uint32_t inputs = 0;  // bit j is set if the value depends on input j
    Kind kind = Kind::other;

    constexpr Trace() = default;
    constexpr Trace(std::uint32_t mask, Kind k) : inputs(mask), kind(k) {}
    /// A constant. Its kind is `other`, since an attribute that is 1 by default may be 2 at run
    /// time: only seeds are known to be zero or one.
    template <class U> constexpr explicit Trace(U) requires std::is_arithmetic_v<U> {}

    // These two exist for their error messages: a formula that needs them is wrong.
    template <std::same_as<double> Number> constexpr operator Number() const {
        return formula_needs_a_plain_number<Number>();
    }
    template <std::same_as<bool> Condition> constexpr explicit operator Condition() const {
        return formula_branches<Condition>();
    }
};

constexpr Trace mix(const Trace& a) { return {a.inputs, Trace::Kind::other}; }
constexpr Trace mix(const Trace& a, const Trace& b) {
    return {a.inputs | b.inputs, Trace::Kind::other};
}

constexpr Trace operator-(const Trace& a) { return a.kind == Trace::Kind::zero ? a : mix(a); }
constexpr Trace operator+(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator-(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator*(const Trace& a, const Trace& b) {
    return a.kind == Trace::Kind::one ? b : b.kind == Trace::Kind::one ? a : mix(a, b);
}
constexpr Trace mul_no_nan(const Trace& a, const Trace& b) { return a * b; }
constexpr Trace operator/(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator<(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator>(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator<=(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator>=(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator==(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator!=(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator&&(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator||(const Trace& a, const Trace& b) { return mix(a, b); }
constexpr Trace operator!(const Trace& a) { return mix(a); }
constexpr Trace where(const Trace& c, const Trace& a, const Trace& b) {
    return {c.inputs | a.inputs | b.inputs, Trace::Kind::other};
}

// 0.5 * x and x > 0 do not compile; the message says to write T(0.5) and T(0).
#define EPS_MIXED(op)                                  \
    template <class U>                                 \
    requires std::is_arithmetic_v<U>                   \
    constexpr Trace operator op(const Trace& a, U b) { \
        return a op Trace(formula_mixes_numbers(b));   \
    }                                                  \
    template <class U>                                 \
    requires std::is_arithmetic_v<U>                   \
    constexpr Trace operator op(U a, const Trace& b) { \
        return Trace(formula_mixes_numbers(a)) op b;   \
    }
// clang-format off
EPS_MIXED(+) EPS_MIXED(-) EPS_MIXED(*) EPS_MIXED(/)
EPS_MIXED(<) EPS_MIXED(>) EPS_MIXED(<=) EPS_MIXED(>=) EPS_MIXED(==) EPS_MIXED(!=)
// clang-format on
#undef EPS_MIXED

// Every primitive of tensor/scalar/dual.h, and the tests that have no derivative.
// clang-format off
#define EPS_TRACE_1(name) \
    constexpr Trace name(const Trace& a) { return mix(a); }
#define EPS_TRACE_2(name) \
    constexpr Trace name(const Trace& a, const Trace& b) { return mix(a, b); }
EPS_TRACE_1(exp) EPS_TRACE_1(exp2) EPS_TRACE_1(expm1) EPS_TRACE_1(exp_excess)
EPS_TRACE_1(log) EPS_TRACE_1(log2) EPS_TRACE_1(log10) EPS_TRACE_1(log1p)
EPS_TRACE_1(sqrt) EPS_TRACE_1(rsqrt) EPS_TRACE_1(cbrt)
EPS_TRACE_2(pow) EPS_TRACE_2(hypot) EPS_TRACE_2(logaddexp) EPS_TRACE_2(xlogy)
EPS_TRACE_1(sin) EPS_TRACE_1(cos) EPS_TRACE_1(tan)
EPS_TRACE_1(asin) EPS_TRACE_1(acos) EPS_TRACE_1(atan) EPS_TRACE_2(atan2)
EPS_TRACE_1(sinh) EPS_TRACE_1(cosh) EPS_TRACE_1(tanh)
EPS_TRACE_1(asinh) EPS_TRACE_1(acosh) EPS_TRACE_1(atanh)
EPS_TRACE_1(sigmoid) EPS_TRACE_1(sigmoid_derivative) EPS_TRACE_1(softplus)
EPS_TRACE_1(gelu) EPS_TRACE_1(gelu_derivative)
EPS_TRACE_1(erf) EPS_TRACE_1(erfc) EPS_TRACE_1(softsign)
EPS_TRACE_1(ndtr) EPS_TRACE_1(log_ndtr) EPS_TRACE_1(inverse_mills) EPS_TRACE_1(mills_excess)
EPS_TRACE_1(abs) EPS_TRACE_1(sign) EPS_TRACE_2(max) EPS_TRACE_2(min) EPS_TRACE_2(fmod)
EPS_TRACE_1(floor) EPS_TRACE_1(ceil) EPS_TRACE_1(round) EPS_TRACE_1(trunc)
EPS_TRACE_1(isnan) EPS_TRACE_1(isinf) EPS_TRACE_1(constant)
// clang-format on
#undef EPS_TRACE_1
#undef EPS_TRACE_2
                                                                    constexpr Trace
    exp_of_square(const Trace& a, double) {
    return mix(a);
}

}  // namespace eps::math
