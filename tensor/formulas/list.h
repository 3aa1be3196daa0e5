#pragma once
// The list of pointwise ops, by the file that has their formulas. To add one, write its struct in
// one of these files and name it here. Its function, the kernels of both devices, its derivatives,
// gradient tests, benchmark and line in docs/ops.md follow.
//
//     X(arity, struct, function)
//     X(arity, struct, function, attributes)     with a struct of tensor/formulas/attributes.h
//
// The list includes no formula, so that a file which only calls ops does not read them.

// clang-format off

// tensor/formulas/arithmetic.h: arithmetic and selection
#define EPS_ARITHMETIC_OPS(X)                        \
    X(2, Add, add)                                   \
    X(2, Sub, sub)                                   \
    X(2, Mul, mul)                                   \
    X(2, MulNoNan, mul_no_nan)                       \
    X(2, Div, div)                                   \
    X(2, Pow, pow)                                   \
    X(2, Maximum, maximum)                           \
    X(2, Minimum, minimum)                           \
    X(2, Atan2, atan2)                               \
    X(2, Remainder, remainder)                       \
    X(2, Fmod, fmod)                                 \
    X(2, Hypot, hypot)                               \
    X(2, Logaddexp, logaddexp)                       \
    X(2, Xlogy, xlogy)                               \
    X(3, Addcmul, addcmul, AddcmulAttributes)        \
    X(1, AddScalar, add_scalar, AddScalarAttributes) \
    X(1, MulScalar, mul_scalar, MulScalarAttributes) \
    X(1, DivScalar, div_scalar, DivScalarAttributes) \
    X(1, ScalarDiv, scalar_div, ScalarDivAttributes) \
    X(1, PowScalar, pow_scalar, PowScalarAttributes) \
    X(1, ScalarPow, scalar_pow, ScalarPowAttributes) \
    X(1, Neg, neg)                                   \
    X(1, Abs, abs)                                   \
    X(1, Sign, sign)                                 \
    X(1, Square, square)                             \
    X(1, Reciprocal, reciprocal)                     \
    X(1, Floor, floor)                               \
    X(1, Ceil, ceil)                                 \
    X(1, Round, round)                               \
    X(1, Trunc, trunc)                               \
    X(1, Clamp, clamp, ClampAttributes)              \
    X(3, Where, where)                               \
    X(3, Lerp, lerp)

// tensor/formulas/predicate.h: comparisons and tests; they return bool and have no derivative
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

// tensor/formulas/elementary.h: exponentials, logarithms, roots, trigonometry, erf
#define EPS_ELEMENTARY_OPS(X) \
    X(1, Exp, exp)            \
    X(1, Exp2, exp2)          \
    X(1, Expm1, expm1)        \
    X(1, Log, log)            \
    X(1, Log2, log2)          \
    X(1, Log10, log10)        \
    X(1, Log1p, log1p)        \
    X(1, Sqrt, sqrt)          \
    X(1, Rsqrt, rsqrt)        \
    X(1, Cbrt, cbrt)          \
    X(1, Sin, sin)            \
    X(1, Cos, cos)            \
    X(1, Tan, tan)            \
    X(1, Asin, asin)          \
    X(1, Acos, acos)          \
    X(1, Atan, atan)          \
    X(1, Sinh, sinh)          \
    X(1, Cosh, cosh)          \
    X(1, Asinh, asinh)        \
    X(1, Acosh, acosh)        \
    X(1, Atanh, atanh)        \
    X(1, Tanh, tanh)          \
    X(1, Erf, erf)            \
    X(1, Erfc, erfc)          \
    X(1, Ndtr, ndtr)          \
    X(1, LogNdtr, log_ndtr)

// tensor/formulas/activations.h: activation functions
#define EPS_ACTIVATION_OPS(X)                          \
    X(1, Sigmoid, sigmoid)                             \
    X(1, LogSigmoid, log_sigmoid)                      \
    X(1, Softplus, softplus)                           \
    X(1, Softsign, softsign)                           \
    X(1, Relu, relu)                                   \
    X(1, Relu6, relu6)                                 \
    X(1, LeakyRelu, leaky_relu, LeakyReluAttributes)   \
    X(1, Elu, elu, EluAttributes)                      \
    X(1, Celu, celu, CeluAttributes)                   \
    X(1, Selu, selu)                                   \
    X(1, Silu, silu)                                   \
    X(1, Gelu, gelu)                                   \
    X(1, GeluTanh, gelu_tanh)                          \
    X(1, Mish, mish)                                   \
    X(1, Hardsigmoid, hardsigmoid)                     \
    X(1, Hardswish, hardswish)                         \
    X(1, Hardtanh, hardtanh, HardtanhAttributes)       \
    X(1, Softshrink, softshrink, SoftshrinkAttributes) \
    X(1, Hardshrink, hardshrink, HardshrinkAttributes) \
    X(1, Threshold, threshold, ThresholdAttributes)

// tensor/formulas/fused.h: formulas of the models as single kernels
#define EPS_FUSED_OPS(X)                       \
    X(3, Reparameterise, reparameterise)       \
    X(2, KlStandardNormal, kl_standard_normal) \
    X(3, NormalLogProb, normal_log_prob)       \
    X(2, BceWithLogits, bce_with_logits)       \
    X(2, SquaredError, squared_error)          \
    X(2, Huber, huber, HuberAttributes)        \
    X(2, PlanarLogDet, planar_log_det)         \
    X(3, AffineCoupling, affine_coupling)

#define EPS_POINTWISE_OPS(X) \
    EPS_ARITHMETIC_OPS(X)    \
    EPS_PREDICATE_OPS(X)     \
    EPS_ELEMENTARY_OPS(X)    \
    EPS_ACTIVATION_OPS(X)    \
    EPS_FUSED_OPS(X)

// clang-format on

namespace eps::math {
#define EPS_DECLARE_FORMULA(arity, S, ...) struct S;
EPS_POINTWISE_OPS(EPS_DECLARE_FORMULA)
#undef EPS_DECLARE_FORMULA
}  // namespace eps::math
