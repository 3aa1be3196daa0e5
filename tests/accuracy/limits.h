#pragma once
// The most ULP by which every pointwise op may be off in f32: tests/accuracy/sweep.h says how they
// are counted. Each number is what docs/accuracy.md measures, rounded up.
#include <limits>
#include <map>
#include <string>

namespace eps::test {

/// Errors beyond it are printed as "-": the result is near a zero, and its relative error says
/// nothing.
inline constexpr double kUnlimited = 1000;

struct AccuracyLimits {
    double value, value_scaled, derivative, derivative_scaled;
};

inline const std::map<std::string, AccuracyLimits>& accuracy_limits() {
    constexpr double none = std::numeric_limits<double>::infinity();
    static const std::map<std::string, AccuracyLimits> limits = {
        {"add", {0.6, 0.6, 0, 0}},
        {"sub", {0.6, 0.6, 0, 0}},
        {"mul", {0.6, 0.6, 0, 0}},
        {"mul_no_nan", {0.6, 0.6, 0, 0}},
        {"div", {0.6, 0.6, 6, 1.6}},
        {"pow", {0.7, 0.6, 135, 135}},
        {"maximum", {0, 0, 0, 0}},
        {"minimum", {0, 0, 0, 0}},
        {"atan2", {1.6, 1.6, 6, 3.2}},
        {"remainder", {0.6, 0.6, 2.2, 2.2}},
        {"fmod", {0, 0, 2.2, 2.2}},
        {"hypot", {0.6, 0.6, 2.8, 1.1}},
        {"logaddexp", {none, 2.3, 120, 0.9}},
        {"xlogy", {1.9, 1.8, 0.9, 0.8}},
        {"addcmul", {none, 2.8, 0.6, 0.6}},
        {"add_scalar", {0.6, 0.6, 0, 0}},
        {"mul_scalar", {0.6, 0.6, 0, 0}},
        {"div_scalar", {0.6, 0.6, 0.4, 0.2}},
        {"scalar_div", {0.6, 0.6, 1.4, 1.4}},
        {"pow_scalar", {0.6, 0.6, 2, 1.3}},
        {"scalar_pow", {0.6, 0.6, 1.7, 1.7}},
        {"neg", {0, 0, 0, 0}},
        {"abs", {0, 0, 0, 0}},
        {"sign", {0, 0, 0, 0}},
        {"square", {0.6, 0.6, 0, 0}},
        {"reciprocal", {0.6, 0.6, 1.3, 1.3}},
        {"floor", {0, 0, 0, 0}},
        {"ceil", {0, 0, 0, 0}},
        {"round", {0, 0, 0, 0}},
        {"trunc", {0, 0, 0, 0}},
        {"clamp", {0, 0, 0, 0}},
        {"where", {0, 0, 0, 0}},
        {"lerp", {none, 1.8, 0.6, 0.6}},
        {"exp", {1.1, 1.1, 1.1, 1.1}},
        {"exp2", {0.9, 0.9, 1.8, 1.8}},
        {"expm1", {1.5, 1.5, 1.1, 1.1}},
        {"log", {0.9, 0.9, 0.6, 0.6}},
        {"log2", {1.6, 1, 0.8, 0.8}},
        {"log10", {1, 1, 1, 1}},
        {"log1p", {1.2, 1.2, 1.7, 1.4}},
        {"sqrt", {0.6, 0.6, 1.6, 1.6}},
        {"rsqrt", {1.6, 1.6, 5.4, 5.4}},
        {"cbrt", {0.6, 0.6, 3.4, 3.4}},
        {"sin", {0.6, 0.6, 0.6, 0.3}},
        {"cos", {0.6, 0.6, 0.6, 0.3}},
        {"tan", {0.6, 0.6, 2.2, 2.2}},
        {"asin", {0.9, 0.9, 1.9, 1.9}},
        {"acos", {1, 1, 1.9, 1.9}},
        {"atan", {0.9, 0.9, 4.4, 0.9}},
        {"sinh", {2, 2, 2, 2}},
        {"cosh", {2, 2, 2, 2}},
        {"asinh", {1.7, 1.7, 3, 1.1}},
        {"acosh", {1.7, 1.2, 3.2, 2.6}},
        {"atanh", {1.7, 1.7, none, 2.1}},
        {"tanh", {1.4, 1.4, none, 1.1}},
        {"erf", {1, 1, 2.7, 1.4}},
        {"erfc", {2.8, 1, 2.7, 1.4}},
        {"ndtr", {0.6, 0.6, 2.9, 0.4}},
        {"log_ndtr", {0.6, 0.6, 0.6, 0.6}},
        {"sigmoid", {1.7, 1.7, none, 0.9}},
        {"log_sigmoid", {1.8, 1.6, 1.7, 0.9}},
        {"softplus", {1.8, 1.6, 1.7, 0.9}},
        {"softsign", {1.7, 1.7, 3.9, 2}},
        {"relu", {0, 0, 0, 0}},
        {"relu6", {0, 0, 0, 0}},
        {"leaky_relu", {0.6, 0.6, 0, 0}},
        {"elu", {1.7, 1.7, 1.8, 1}},
        {"celu", {2.1, 2.1, 105, 1.1}},
        {"selu", {2.1, 2.1, 2.2, 1.8}},
        {"silu", {90, 2.1, none, 1.8}},
        {"gelu", {none, 1.5, none, 1}},
        {"gelu_tanh", {270, 2, none, 2}},
        {"mish", {90, 2.1, none, 1.4}},
        {"hardsigmoid", {1.1, 1.1, 0.4, 0.1}},
        {"hardswish", {1.9, 1.1, 1.9, 1.1}},
        {"hardtanh", {0, 0, 0, 0}},
        {"softshrink", {0.6, 0.6, 0, 0}},
        {"hardshrink", {0, 0, 0, 0}},
        {"threshold", {0, 0, 0, 0}},
        {"reparameterise", {none, 3, 1.8, 1.8}},
        {"kl_standard_normal", {7.6, 2.3, 1.6, 1.6}},
        {"normal_log_prob", {none, 4.2, none, 5.3}},
        {"bce_with_logits", {none, 2.6, none, 2}},
        {"squared_error", {2.2, 2.2, 0.6, 0.6}},
        {"huber", {3.1, 2.2, 1.1, 0.3}},
        {"planar_log_det", {none, 300, none, none}},
        {"affine_coupling", {none, 2.8, 1.8, 1.8}},
    };
    return limits;
}

}  // namespace eps::test
