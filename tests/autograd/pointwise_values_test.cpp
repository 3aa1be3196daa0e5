// The value of every pointwise op against a formula written a second time, with nothing but the C
// library.
#include <algorithm>
#include <complex>
#include <numbers>

#include "tests/autograd/pointwise_table.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

using Reference = double (*)(const double* x);  // x: the inputs, then the attributes

double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double softplus_of(double x) { return std::log1p(std::exp(x)); }

const std::map<std::string, Reference>& references() {
// clang-format off
#define EPS_REFERENCE(name, formula) {#name, [](const double* x) -> double { return formula; }}
    // clang-format on
    static const std::map<std::string, Reference> table = {
        EPS_REFERENCE(add, x[0] + x[1]),
        EPS_REFERENCE(sub, x[0] - x[1]),
        EPS_REFERENCE(mul, x[0] * x[1]),
        EPS_REFERENCE(mul_no_nan, x[0] * x[1]),
        EPS_REFERENCE(div, x[0] / x[1]),
        EPS_REFERENCE(pow, std::exp(x[1] * std::log(x[0]))),
        EPS_REFERENCE(maximum, std::max(x[0], x[1])),
        EPS_REFERENCE(minimum, std::min(x[0], x[1])),
        EPS_REFERENCE(atan2, std::arg(std::complex<double>(x[1], x[0]))),
        EPS_REFERENCE(remainder, x[0] < 0 ? x[0] + x[1] : x[0]),  // |x0| < x1 in the domain
        EPS_REFERENCE(fmod, x[0] - 3 * x[1]),  // the quotient's whole part, all over the domain
        EPS_REFERENCE(hypot, std::abs(std::complex<double>(x[0], x[1]))),
        EPS_REFERENCE(logaddexp, std::log(std::exp(x[0]) + std::exp(x[1]))),
        EPS_REFERENCE(xlogy, std::log(std::pow(x[1], x[0]))),
        EPS_REFERENCE(addcmul, x[0] + x[3] * x[1] * x[2]),
        EPS_REFERENCE(add_scalar, x[0] + x[1]),
        EPS_REFERENCE(mul_scalar, x[0] * x[1]),
        EPS_REFERENCE(div_scalar, x[0] / x[1]),
        EPS_REFERENCE(scalar_div, x[1] / x[0]),
        EPS_REFERENCE(pow_scalar, std::exp(x[1] * std::log(x[0]))),
        EPS_REFERENCE(scalar_pow, std::exp(x[0] * std::log(x[1]))),
        EPS_REFERENCE(neg, -x[0]),
        EPS_REFERENCE(abs, x[0] < 0 ? -x[0] : x[0]),
        EPS_REFERENCE(sign, (x[0] > 0) - (x[0] < 0)),
        EPS_REFERENCE(square, x[0] * x[0]),
        EPS_REFERENCE(reciprocal, 1 / x[0]),
        EPS_REFERENCE(floor, std::floor(x[0])),
        EPS_REFERENCE(ceil, std::ceil(x[0])),
        EPS_REFERENCE(round, std::nearbyint(x[0])),
        EPS_REFERENCE(trunc, std::trunc(x[0])),
        EPS_REFERENCE(clamp, std::clamp(x[0], x[1], x[2])),
        EPS_REFERENCE(where, x[0] != 0 ? x[1] : x[2]),
        EPS_REFERENCE(lerp, (1 - x[2]) * x[0] + x[2] * x[1]),
        EPS_REFERENCE(eq, x[0] == x[1]),
        EPS_REFERENCE(ne, x[0] != x[1]),
        EPS_REFERENCE(lt, x[0] < x[1]),
        EPS_REFERENCE(le, x[0] <= x[1]),
        EPS_REFERENCE(gt, x[0] > x[1]),
        EPS_REFERENCE(ge, x[0] >= x[1]),
        EPS_REFERENCE(logical_and, x[0] != 0 && x[1] != 0),
        EPS_REFERENCE(logical_or, x[0] != 0 || x[1] != 0),
        EPS_REFERENCE(logical_xor, (x[0] != 0) != (x[1] != 0)),
        EPS_REFERENCE(logical_not, x[0] == 0),
        EPS_REFERENCE(isnan, std::isnan(x[0])),
        EPS_REFERENCE(isinf, std::isinf(x[0])),
        EPS_REFERENCE(isfinite, std::isfinite(x[0])),
        EPS_REFERENCE(exp, std::exp(x[0])),
        EPS_REFERENCE(exp2, std::pow(2.0, x[0])),
        EPS_REFERENCE(expm1, std::exp(x[0]) - 1),
        EPS_REFERENCE(log, std::log(x[0])),
        EPS_REFERENCE(log2, std::log(x[0]) / std::log(2.0)),
        EPS_REFERENCE(log10, std::log(x[0]) / std::log(10.0)),
        EPS_REFERENCE(log1p, std::log(1 + x[0])),
        EPS_REFERENCE(sqrt, std::pow(x[0], 0.5)),
        EPS_REFERENCE(rsqrt, std::pow(x[0], -0.5)),
        EPS_REFERENCE(cbrt, std::pow(x[0], 1.0 / 3)),
        EPS_REFERENCE(sin, std::sin(x[0])),
        EPS_REFERENCE(cos, std::cos(x[0])),
        EPS_REFERENCE(tan, std::sin(x[0]) / std::cos(x[0])),
        EPS_REFERENCE(asin, std::atan2(x[0], std::sqrt(1 - x[0] * x[0]))),
        EPS_REFERENCE(acos, std::atan2(std::sqrt(1 - x[0] * x[0]), x[0])),
        EPS_REFERENCE(atan, std::atan(x[0])),
        EPS_REFERENCE(sinh, (std::exp(x[0]) - std::exp(-x[0])) / 2),
        EPS_REFERENCE(cosh, (std::exp(x[0]) + std::exp(-x[0])) / 2),
        EPS_REFERENCE(asinh, std::log(x[0] + std::sqrt(x[0] * x[0] + 1))),
        EPS_REFERENCE(acosh, std::log(x[0] + std::sqrt(x[0] * x[0] - 1))),
        EPS_REFERENCE(atanh, 0.5 * std::log((1 + x[0]) / (1 - x[0]))),
        EPS_REFERENCE(tanh, 1 - 2 / (std::exp(2 * x[0]) + 1)),
        EPS_REFERENCE(erf, 1 - std::erfc(x[0])),
        EPS_REFERENCE(erfc, 1 - std::erf(x[0])),
        EPS_REFERENCE(ndtr, phi(x[0])),
        EPS_REFERENCE(log_ndtr, std::log(phi(x[0]))),
        EPS_REFERENCE(hardshrink, std::abs(x[0]) > x[1] ? x[0] : 0),
        EPS_REFERENCE(threshold, x[0] > x[1] ? x[0] : x[2]),
        EPS_REFERENCE(sigmoid, logistic(x[0])),
        EPS_REFERENCE(log_sigmoid, std::log(logistic(x[0]))),
        EPS_REFERENCE(softplus, softplus_of(x[0])),
        EPS_REFERENCE(softsign, x[0] / (1 + std::abs(x[0]))),
        EPS_REFERENCE(relu, std::max(x[0], 0.0)),
        EPS_REFERENCE(relu6, std::clamp(x[0], 0.0, 6.0)),
        EPS_REFERENCE(leaky_relu, std::max(x[0], 0.0) + x[1] * std::min(x[0], 0.0)),
        EPS_REFERENCE(elu, x[0] > 0 ? x[0] : x[1] * (std::exp(x[0]) - 1)),
        EPS_REFERENCE(celu,
                      std::max(0.0, x[0]) + std::min(0.0, x[1] * (std::exp(x[0] / x[1]) - 1))),
        EPS_REFERENCE(selu, 1.0507009873554805 *
                                (x[0] > 0 ? x[0] : 1.6732632423543772 * (std::exp(x[0]) - 1))),
        EPS_REFERENCE(silu, x[0] * logistic(x[0])),
        EPS_REFERENCE(gelu, x[0] * phi(x[0])),
        EPS_REFERENCE(gelu_tanh, x[0] * logistic(2 * std::sqrt(2 / std::numbers::pi) *
                                                 (x[0] + 0.044715 * std::pow(x[0], 3)))),
        EPS_REFERENCE(mish, x[0] * std::tanh(softplus_of(x[0]))),
        EPS_REFERENCE(hardsigmoid, std::clamp(x[0] + 3, 0.0, 6.0) / 6),
        EPS_REFERENCE(hardswish, x[0] * std::clamp(x[0] + 3, 0.0, 6.0) / 6),
        EPS_REFERENCE(hardtanh, std::clamp(x[0], x[1], x[2])),
        EPS_REFERENCE(softshrink, (x[0] > 0 ? 1 : -1) * std::max(0.0, std::abs(x[0]) - x[1])),
        EPS_REFERENCE(reparameterise, x[0] + std::sqrt(std::exp(x[1])) * x[2]),
        EPS_REFERENCE(kl_standard_normal, (x[0] * x[0] + std::exp(x[1]) - 1 - x[1]) / 2),
        EPS_REFERENCE(normal_log_prob,
                      std::log(std::exp(-std::pow(x[0] - x[1], 2) / (2 * std::exp(x[2]))) /
                               std::sqrt(2 * std::numbers::pi * std::exp(x[2])))),
        EPS_REFERENCE(bce_with_logits, -(x[1] * std::log(logistic(x[0])) +
                                         (1 - x[1]) * std::log(1 - logistic(x[0])))),
        EPS_REFERENCE(planar_log_det, std::log(1 + x[1] - x[0] * x[0] * x[1])),
        EPS_REFERENCE(affine_coupling, x[2] + x[0] * std::exp(x[1])),
        EPS_REFERENCE(squared_error, std::pow(x[0] - x[1], 2)),
        EPS_REFERENCE(huber, std::abs(x[0] - x[1]) <= x[2]
                                 ? std::pow(x[0] - x[1], 2) / 2
                                 : x[2] * (std::abs(x[0] - x[1]) - x[2] / 2)),
    };
#undef EPS_REFERENCE
    return table;
}

}  // namespace

TEST_CASE("pointwise: values agree with a second formula") {
    std::size_t checked = 0;
    for (const PointwiseOp* op : all_pointwise_ops()) {
        const auto reference = references().find(op->name);
        if (reference == references().end()) {  // a new op: its derivatives are tested all the same
            WARN_MESSAGE(false, std::string(op->name), " has no second formula");
            continue;
        }
        ++checked;
        const std::vector<Tensor> inputs = samples(*op, {100}, 21);
        std::vector<double> x(static_cast<std::size_t>(op->arity) +
                              op->attribute_bytes / sizeof(double));
        if (op->attribute_bytes)
            std::memcpy(x.data() + op->arity, attributes_of(*op), op->attribute_bytes);
        const auto got = pointwise(*op, attributes_of(*op), inputs).to_vector();
        for (std::size_t i = 0; i < got.size(); ++i) {
            for (std::size_t j = 0; j < inputs.size(); ++j) x[j] = inputs[j].data<double>()[i];
            const double expected = reference->second(x.data());
            CHECK_MESSAGE(std::abs(got[i] - expected) <= 1e-13 * (1 + std::abs(expected)),
                          std::string(op->name), " of ", x[0], ": ", got[i], " against ", expected);
        }
    }
    CHECK(checked >= 80);
}

TEST_CASE("pointwise: at their kinks activations have PyTorch's derivatives") {
    using V = std::vector<double>;
    const auto slopes = [](const auto& f, const V& at) {
        const Tensor x = tensor(at, {}, {.dtype = f64}).requires_grad_();
        return grad(sum(f(x)), {x})[0].to_vector();
    };
    CHECK(slopes([](const Tensor& x) { return relu6(x); }, {0, 6}) == V{0, 0});
    CHECK(slopes([](const Tensor& x) { return leaky_relu(x, {.slope = 0.1}); }, {0}) == V{0.1});
    CHECK(slopes([](const Tensor& x) { return elu(x, {.alpha = 0.5}); }, {0}) == V{0.5});
    CHECK(slopes([](const Tensor& x) { return hardtanh(x, {.lo = -2, .hi = 1.5}); }, {-2, 1.5}) ==
          V{0, 0});
    CHECK(slopes([](const Tensor& x) { return hardsigmoid(x); }, {-3, 3}) == V{0, 0});
    CHECK(slopes([](const Tensor& x) { return hardswish(x); }, {-3, 3}) == V{0, 1});
    CHECK(slopes([](const Tensor& x) { return softshrink(x); }, {-0.5, 0.5}) == V{0, 0});
    CHECK(slopes([](const Tensor& x) { return hardshrink(x); }, {-0.5, 0.5}) == V{0, 0});
    CHECK(slopes([](const Tensor& x) { return threshold(x, {.threshold = 0.5, .value = 2}); },
                 {0.5}) == V{0});
    // Where huber's branches meet, the second derivative is still that of the parabola.
    const auto slope_of_huber = [](const Tensor& x) {
        return grad(sum(huber(x, zeros_like(x))), {x}, {.create_graph = true})[0];
    };
    CHECK(slopes(slope_of_huber, {-1, 1, 1.5}) == V{1, 1, 0});
}

TEST_CASE("pointwise: lerp keeps the digits of the end that is nearer") {
    const Tensor large = tensor({1e8, 1}), small = tensor({1, 1e8});
    const double near = 0x1p-24;
    const auto from_large = lerp(large, small, tensor({1 - near, near})).to_vector();
    for (const double got : from_large)
        CHECK(got == doctest::Approx(1 + near * (1e8 - 1)).epsilon(1e-6));
}
