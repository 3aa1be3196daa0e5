// Functions of one number. `smooth` says where the reference holds: inside the domain, not close
// to a kink, and where rounding is not blown up.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/composed_functions.h"
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

constexpr double kClose = 1e-2;
bool always(double) { return true; }
bool moderate(double v) { return std::abs(v) < 6; }
bool positive(double v) { return v > 0.1; }
bool off_zero(double v) { return std::abs(v) > 0.1; }
bool off_kinks(double v, std::initializer_list<double> kinks) {
    for (double kink : kinks)
        if (std::abs(v - kink) < kClose) return false;
    return true;
}
bool off_integers(double v) { return std::abs(v - std::round(v)) > kClose; }
Jet select(bool first, Jet a, Jet b) { return first ? a : b; }
Jet flat(double v) { return constant(v); }
Jet phi(Jet x) { return 0.5 * (error_function(std::numbers::sqrt2 / 2 * x) + 1); }

struct Unary {
    const char* name;
    Tensor (*op)(const Tensor& x);
    Jet (*reference)(Jet x);
    bool (*smooth)(double v);
};

Call call(Chain& chain, const Unary& unary) {
    const Operand x = chain.x();
    const auto run = [x, unary] { return unary.op(x.tensor); };
    Naive out = x.naive;
    for (Jet& number : out.numbers) {
        if (!unary.smooth(number.value)) return open(run);
        number = unary.reference(number);
    }
    return gives(out, run);
}

#define EPS_UNARY(name, expression, formula, where)                                              \
    NamedOp {                                                                                    \
        name, [](Chain& chain) {                                                                 \
            return call(chain, {name, [](const Tensor& x) { return expression; },                \
                                [](Jet x) { return formula; }, [](double v) { return where; }}); \
        }                                                                                        \
    }

const NamedOp ops[] = {
    EPS_UNARY("neg", -x, -x, always(v)),
    EPS_UNARY("add_scalar", x + 0.75, x + 0.75, always(v)),
    EPS_UNARY("mul_scalar", -1.5 * x, -1.5 * x, always(v)),
    EPS_UNARY("div_scalar", x / 0.8, 1.25 * x, always(v)),
    EPS_UNARY("scalar_div", 2.0 / x, 2 * inverse(x), off_zero(v)),
    EPS_UNARY("pow_scalar", pow(x, 3.0), x* x* x, always(v)),
    EPS_UNARY("pow_scalar", pow(x, -1.5), power(x, -1.5), positive(v)),
    EPS_UNARY("scalar_pow", pow(2.0, x), exponential(std::numbers::ln2 * x), moderate(v)),
    EPS_UNARY("abs", abs(x), select(x.value > 0, x, -x), off_kinks(v, {0})),
    EPS_UNARY("sign", sign(x), flat(x.value > 0 ? 1 : -1), off_kinks(v, {0})),
    EPS_UNARY("square", square(x), x* x, always(v)),
    EPS_UNARY("reciprocal", reciprocal(x), inverse(x), off_zero(v)),
    EPS_UNARY("floor", floor(x), flat(std::floor(x.value)), off_integers(v)),
    EPS_UNARY("ceil", ceil(x), flat(std::ceil(x.value)), off_integers(v)),
    EPS_UNARY("round", round(x), flat(std::nearbyint(x.value)), off_integers(v - 0.5)),
    EPS_UNARY("trunc", trunc(x), flat(std::trunc(x.value)), off_integers(v)),
    EPS_UNARY("clamp", clamp(x, {.lo = -1, .hi = 0.5}),
              select(x.value > -1 && x.value < 0.5, x, flat(x.value < 0 ? -1 : 0.5)),
              off_kinks(v, {-1, 0.5})),
    EPS_UNARY("exp", exp(x), exponential(x), moderate(v)),
    EPS_UNARY("exp2", exp2(x), exponential(std::numbers::ln2 * x), moderate(v)),
    EPS_UNARY("expm1", expm1(x), exponential(x) + -1, moderate(v)),
    EPS_UNARY("log", log(x), logarithm(x), positive(v)),
    EPS_UNARY("log2", log2(x), 1 / std::numbers::ln2 * logarithm(x), positive(v)),
    EPS_UNARY("log10", log10(x), 1 / std::numbers::ln10 * logarithm(x), positive(v)),
    EPS_UNARY("log1p", log1p(x), logarithm(x + 1), positive(v + 1)),
    EPS_UNARY("sqrt", sqrt(x), root(x), positive(v)),
    EPS_UNARY("rsqrt", rsqrt(x), power(x, -0.5), positive(v)),
    EPS_UNARY("cbrt", cbrt(x), select(x.value > 0, power(x, 1.0 / 3), -power(-x, 1.0 / 3)),
              off_zero(v)),
    EPS_UNARY("sin", sin(x), sine(x), moderate(v)),
    EPS_UNARY("cos", cos(x), cosine(x), moderate(v)),
    EPS_UNARY("tan", tan(x), sine(x) / cosine(x), moderate(v) && off_zero(std::cos(v) / 2)),
    EPS_UNARY("asin", asin(x), arc_tangent(x / root(-x * x + 1)), std::abs(v) < 0.9),
    EPS_UNARY("acos", acos(x), -arc_tangent(x / root(-x * x + 1)) + std::numbers::pi / 2,
              std::abs(v) < 0.9),
    EPS_UNARY("atan", atan(x), arc_tangent(x), always(v)),
    EPS_UNARY("sinh", sinh(x), 0.5 * (exponential(x) - exponential(-x)), moderate(v)),
    EPS_UNARY("cosh", cosh(x), 0.5 * (exponential(x) + exponential(-x)), moderate(v)),
    EPS_UNARY("asinh", asinh(x), logarithm(x + root(x * x + 1)), moderate(v)),
    EPS_UNARY("acosh", acosh(x), logarithm(x + root(x * x + -1)), v > 1.2 && moderate(v)),
    EPS_UNARY("atanh", atanh(x), 0.5 * logarithm((x + 1) / (-x + 1)), std::abs(v) < 0.9),
    EPS_UNARY("tanh", tanh(x), hyperbolic_tangent(x), moderate(v)),
    EPS_UNARY("erf", erf(x), error_function(x), moderate(v)),
    EPS_UNARY("erfc", erfc(x), -error_function(x) + 1, moderate(v)),
    EPS_UNARY("ndtr", ndtr(x), phi(x), moderate(v)),
    EPS_UNARY("log_ndtr", log_ndtr(x), logarithm(phi(x)), std::abs(v) < 2.5),
    EPS_UNARY("sigmoid", sigmoid(x), logistic(x), moderate(v)),
    EPS_UNARY("log_sigmoid", log_sigmoid(x), -log_one_plus_exp(-x), moderate(v)),
    EPS_UNARY("softplus", softplus(x), log_one_plus_exp(x), moderate(v)),
    EPS_UNARY("softsign", softsign(x), select(x.value > 0, x / (x + 1), x / (-x + 1)),
              off_kinks(v, {0})),
    EPS_UNARY("relu", relu(x), select(x.value > 0, x, flat(0)), off_kinks(v, {0})),
    EPS_UNARY("relu6", relu6(x), select(x.value > 0 && x.value < 6, x, flat(x.value > 0 ? 6 : 0)),
              off_kinks(v, {0, 6})),
    EPS_UNARY("leaky_relu", leaky_relu(x, {.slope = 0.2}), select(x.value > 0, x, 0.2 * x),
              off_kinks(v, {0})),
    EPS_UNARY("elu", elu(x, {.alpha = 1.5}),
              select(x.value > 0, x, 1.5 * (exponential(x) + -1)), off_kinks(v, {0})),
    EPS_UNARY("silu", silu(x), x* logistic(x), moderate(v)),
    EPS_UNARY("gelu", gelu(x), x* phi(x), moderate(v)),
    EPS_UNARY("mish", mish(x), x* hyperbolic_tangent(log_one_plus_exp(x)), moderate(v)),
    EPS_UNARY("hardsigmoid", hardsigmoid(x),
              select(std::abs(x.value) < 3, 1.0 / 6 * (x + 3), flat(x.value > 0 ? 1 : 0)),
              off_kinks(v, {-3, 3})),
    EPS_UNARY("hardswish", hardswish(x),
              select(std::abs(x.value) < 3, x * (1.0 / 6 * (x + 3)),
                     select(x.value > 0, x, flat(0))),
              off_kinks(v, {-3, 3})),
    EPS_UNARY("softshrink", softshrink(x, {.lambda = 0.5}),
              select(std::abs(x.value) < 0.5, flat(0), x + (x.value > 0 ? -0.5 : 0.5)),
              off_kinks(v, {-0.5, 0.5})),
    EPS_UNARY("hardshrink", hardshrink(x, {.lambda = 0.5}),
              select(std::abs(x.value) < 0.5, flat(0), x), off_kinks(v, {-0.5, 0.5})),
    EPS_UNARY("threshold", threshold(x, {.threshold = 0.3, .value = -2}),
              select(x.value > 0.3, x, flat(-2)), off_kinks(v, {0.3})),
    EPS_UNARY("logit", logit(x), logarithm(x / (-x + 1)), v > 0.1 && v < 0.9),
    NamedOp{"to another dtype",
            [](Chain& chain) {
                const Operand x = chain.x();
                const DType other = x.naive.dtype == f32 ? f64 : f32;
                chain.single();
                return gives({x.naive.shape, x.naive.numbers, other},
                             [x, other] { return to(x.tensor, other); });
            }},
};

#undef EPS_UNARY

}  // namespace

std::span<const NamedOp> unary_ops() { return ops; }

}  // namespace eps::fuzz
