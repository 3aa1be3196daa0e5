#pragma once
// What the compiler says where a formula cannot be differentiated. A dual number (dual.h) and a
// trace (trace.h) convert to a plain number, and a trace to a condition, only to come here.
#include <type_traits>

namespace eps::math {

template <class T> inline constexpr bool always_false = false;

template <class Number> constexpr Number formula_needs_a_plain_number() {
    static_assert(always_false<Number>,
                  "this formula gives its argument to a function that knows no derivative, such as "
                  "std::exp: use eps::math::exp and the other primitives of tensor/scalar/dual.h");
    return {};
}

template <class Number> constexpr Number formula_mixes_numbers(Number) {
    static_assert(always_false<Number>,
                  "this formula mixes its argument with a plain number: write constants as T(0.5)");
    return {};
}

template <class Condition> constexpr Condition formula_branches() {
    static_assert(always_false<Condition>,
                  "this formula branches on its argument by ?: or if: choose by "
                  "where(condition, a, b) instead");
    return {};
}

}  // namespace eps::math
