// Elementary functions, arithmetic, comparisons, casts.
#include "autograd/ops/elementwise/composed_functions.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// Before op set 7, b broadcast only if `broadcast` said so, its first dimension aligned with `axis`
// of a; since then it broadcasts as in NumPy.
Tensor second_operand(const Call& c) {
    const Tensor &a = c[0], &b = c[1];
    if (c.opset() >= 7 || !c.flag("broadcast") || !c.has("axis")) return b;
    Shape shape = b.shape();
    for (std::int64_t d = c.integer("axis", 0) + b.rank(); d < a.rank(); ++d) shape.push_back(1);
    return reshape(b, shape);
}

template <auto F> Results binary(const Call& c) { return F(c[0], second_operand(c)); }

template <auto F> Results variadic(const Call& c) { return chain<F>(c.tensors()); }

// Quotients of integers are rounded towards zero.
Results divide(const Call& c) {
    const Tensor &a = c[0], b = second_operand(c);
    if (is_floating(a.dtype())) return div(a, b);
    return to(div(a, b, RoundingMode::trunc), a.dtype());
}

// The result has the dtype of the base.
Results power(const Call& c) {
    const Tensor &a = c[0], b = second_operand(c);
    return is_floating(a.dtype()) ? pow(a, to(b, a.dtype()))
                                  : to(pow(to(a, f64), to(b, f64)), a.dtype());
}

// The result has the sign of a with fmod, else that of b.
Results modulo(const Call& c) { return c.flag("fmod") ? fmod(c[0], c[1]) : remainder(c[0], c[1]); }

Results shift_bits(const Call& c) {
    const Tensor factor = pow(2.0, to(c[1], f64));
    if (c.text("direction", "") == "RIGHT") return to(floor(to(c[0], f64) / factor), c[0].dtype());
    return c[0] * to(factor, c[0].dtype());
}

Results clip(const Call& c) {
    math::ClampAttributes bounds;
    if (c.opset() < 11) {
        bounds.lo = c.real("min", bounds.lo);
        bounds.hi = c.real("max", bounds.hi);
    }
    if (c.has(1)) bounds.lo = c[1].item();
    if (c.has(2)) bounds.hi = c[2].item();
    return clamp(c[0], bounds);
}

Results is_infinite(const Call& c) {
    const Tensor infinite = isinf(c[0]);
    const bool negative = c.flag("detect_negative", true);
    const bool positive = c.flag("detect_positive", true);
    if (negative && positive) return infinite;
    if (!negative && !positive) return zeros(c[0].shape(), {.dtype = boolean});
    return logical_and(infinite, positive ? c[0] > 0.0 : c[0] < 0.0);
}

}  // namespace

void add_arithmetic_ops(OpTable& table) {
    table.insert({
        {"Abs", unary<abs>},
        {"Neg", unary<neg>},
        {"Sign", unary<sign>},
        {"Reciprocal", unary<reciprocal>},
        {"Floor", unary<floor>},
        {"Ceil", unary<ceil>},
        {"Round", unary<round>},
        {"Exp", unary<exp>},
        {"Log", unary<log>},
        {"Sqrt", unary<sqrt>},
        {"Erf", unary<erf>},
        {"Sin", unary<sin>},
        {"Cos", unary<cos>},
        {"Tan", unary<tan>},
        {"Asin", unary<asin>},
        {"Acos", unary<acos>},
        {"Atan", unary<atan>},
        {"Sinh", unary<sinh>},
        {"Cosh", unary<cosh>},
        {"Tanh", unary<tanh>},
        {"Asinh", unary<asinh>},
        {"Acosh", unary<acosh>},
        {"Atanh", unary<atanh>},
        {"IsNaN", unary<isnan>},
        {"IsInf", is_infinite},
        {"Not", unary<logical_not>},
        {"Add", binary<add>},
        {"Sub", binary<sub>},
        {"Mul", binary<mul>},
        {"Div", divide},
        {"Pow", power},
        {"Mod", modulo},
        {"And", binary<logical_and>},
        {"Or", binary<logical_or>},
        {"Xor", binary<logical_xor>},
        {"Equal", [](const Call& c) -> Results { return eq(c[0], second_operand(c)); }},
        {"Greater", binary<gt>},
        {"GreaterOrEqual", binary<ge>},
        {"Less", binary<lt>},
        {"LessOrEqual", binary<le>},
        {"Max", variadic<maximum>},
        {"Min", variadic<minimum>},
        {"Sum", variadic<add>},
        {"Mean",
         [](const Call& c) -> Results {
             return chain<add>(c.tensors()) / static_cast<double>(c.input_count());
         }},
        {"Where", [](const Call& c) -> Results { return where(c[0], c[1], c[2]); }},
        {"Clip", clip},
        {"BitShift", shift_bits},
        {"Cast",
         [](const Call& c) -> Results {
             c.ignore("saturate");    // for floats of eight bits
             c.ignore("round_mode");  // the same
             return to(c[0], dtype_of_onnx(c.integer("to", 0)));
         }},
        {"CastLike",
         [](const Call& c) -> Results {
             c.ignore("saturate");
             c.ignore("round_mode");
             return to(c[0], c[1].dtype());
         }},
    });
}

}  // namespace eps::conformance
