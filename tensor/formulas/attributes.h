#pragma once
// The attributes of the pointwise ops that have some: the numbers that a call gives in braces, as
// in leaky_relu(x, {.slope = 0.2}). Formulas derive from these structs. They stand apart from the
// formulas, so that a file which only calls an op does not read those. A struct that admits numbers
// without meaning has problem(): what is wrong with them, or null.
#include "tensor/formulas/list.h"

namespace eps::math {

// tensor/formulas/arithmetic.h
struct AddScalarAttributes {
    double c = 0;
};
struct MulScalarAttributes {
    double c = 1;
};
struct DivScalarAttributes {
    double c = 1;
};
struct ScalarDivAttributes {
    double c = 1;
};
struct PowScalarAttributes {
    double p = 1;
};
struct ScalarPowAttributes {
    double c = 1;
};
struct ClampAttributes {
    double lo = -__builtin_inf();
    double hi = __builtin_inf();
};
struct AddcmulAttributes {
    double value = 1;
};

// tensor/formulas/activations.h
struct LeakyReluAttributes {
    double slope = 0.01;
};
struct EluAttributes {
    double alpha = 1;
};
struct CeluAttributes {
    double alpha = 1;
    const char* problem() const { return alpha != 0 ? nullptr : "alpha must not be 0; got 0"; }
};
struct HardtanhAttributes {
    double lo = -1;
    double hi = 1;
};
struct SoftshrinkAttributes {
    double lambda = 0.5;
    const char* problem() const {
        return lambda >= 0 ? nullptr : "lambda must not be negative or NaN";
    }
};
struct HardshrinkAttributes {
    double lambda = 0.5;
};
struct ThresholdAttributes {
    double threshold = 0;
    double value = 0;
};

// tensor/formulas/fused.h
struct HuberAttributes {
    double delta = 1;
    const char* problem() const { return delta > 0 ? nullptr : "delta must be positive"; }
};

/// What an op without attributes has.
struct NoAttributes {};

namespace detail {
template <class First, class...> using FirstOf = First;
}
/// The type of the attributes of the op of F: NoAttributes or one of the structs above. An op of
/// your own, in your own project, is the struct of its attributes itself.
template <class F> struct AttributesOf { using type = F; };
#define EPS_ATTRIBUTES_OF(arity, S, name, ...)                                 \
    template <> struct AttributesOf<S> {                                       \
        using type = detail::FirstOf<__VA_ARGS__ __VA_OPT__(, ) NoAttributes>; \
    };
EPS_POINTWISE_OPS(EPS_ATTRIBUTES_OF)
#undef EPS_ATTRIBUTES_OF

}  // namespace eps::math
