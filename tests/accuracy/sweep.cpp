#include "tests/accuracy/sweep.h"

#include <bit>
#include <cmath>
#include <map>
#include <random>
#include <sstream>

#include "autograd/ops/elementwise/cast.h"
#include "tests/autograd/pointwise_table.h"
#include "tests/tensor/ulps.h"

namespace eps::test {
namespace {

constexpr std::int64_t kBlock = 1 << 16;

// A float of every sign and exponent alike; neither infinite nor NaN.
float any_float(std::mt19937_64& random) {
    for (;;) {
        const float x = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
        if (std::isfinite(x)) return x;
    }
}

// Where an op of several inputs is swept: |x| <= limit of each. Beyond, a product on the way to a
// moderate result overflows in f32 and not in f64. docs/accuracy.md says so.
std::vector<double> limits_of(const PointwiseOp& op) {
    constexpr double none = std::numeric_limits<double>::infinity();
    static const std::map<std::string, std::vector<double>> limits = {
        {"addcmul", {0x1p60, 0x1p60, 0x1p60}},     {"lerp", {0x1p126, 0x1p126, 2}},
        {"reparameterise", {0x1p60, 80, 0x1p60}},  {"kl_standard_normal", {0x1p60, 80}},
        {"normal_log_prob", {0x1p30, 0x1p30, 80}}, {"planar_log_det", {1, 0x1p60}},
        {"affine_coupling", {0x1p60, 80, 0x1p60}},
    };
    const auto at = limits.find(op.name);
    return at == limits.end() ? std::vector<double>(static_cast<std::size_t>(op.arity), none)
                              : at->second;
}

// x, or a number as random as x within the limit. Powers of tiny bases are left out: a^(b - 1), a
// factor of the derivative, may overflow where the product does not.
float allowed(const PointwiseOp& op, float x, double limit) {
    if (std::string(op.name) == "pow" && std::abs(x) < 0x1p-60f) return 0;
    return std::abs(x) <= limit ? x : static_cast<float>(std::remainder(x, limit));
}

// Inputs of one block. One input walks through the bit patterns of all floats; several are drawn,
// every second tuple with inputs of about one size, since that is where terms cancel.
std::vector<Tensor> block_inputs(const PointwiseOp& op, std::int64_t first, std::int64_t samples) {
    const std::int64_t n = std::min(kBlock, samples - first);
    std::vector<Tensor> inputs;
    for (int j = 0; j < op.arity; ++j) inputs.push_back(empty({n}));
    const std::vector<double> limits = limits_of(op);
    std::mt19937_64 random(static_cast<std::uint64_t>(first));
    std::uniform_real_distribution<float> factor(-2, 2);
    const auto stride = static_cast<double>(std::uint64_t{1} << 32) / static_cast<double>(samples);
    for (std::int64_t i = 0; i < n; ++i) {
        float x = 0;
        if (op.arity == 1)
            x = std::bit_cast<float>(
                static_cast<std::uint32_t>(static_cast<double>(first + i) * stride));
        if (op.arity > 1 || !std::isfinite(x)) x = any_float(random);
        inputs[0].data<float>()[i] = x = allowed(op, x, limits[0]);
        for (std::size_t j = 1; j < inputs.size(); ++j) {
            const float y = i % 2 ? any_float(random) : factor(random) * x;
            inputs[j].data<float>()[i] = allowed(op, std::isfinite(y) ? y : x, limits[j]);
        }
    }
    return inputs;
}

// The error in ULP of `scale` or of the exact result, whichever is larger. Points outside of the
// op's domain and poles, whose sign is that of a rounded zero, count for nothing; nor does a result
// that is infinite because its double or quadruple on the way was.
double error_of(float got, double exact, double scale) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    constexpr double most = std::numeric_limits<float>::max();
    if (std::isnan(exact)) return 0;
    if (std::isinf(exact)) return std::isinf(got) ? 0 : infinite;
    if (std::isinf(got))
        return std::abs(exact) > most / 4 && std::signbit(got) == std::signbit(exact) ? 0
                                                                                      : infinite;
    if (std::isnan(got)) return infinite;
    if (std::abs(exact) > most) return std::abs(got) > most / 4 ? 0 : infinite;
    return std::abs(got - exact) / ulp_of<float>(std::max(scale, std::abs(exact)));
}

void take(LargestError& largest, double error, const std::vector<Tensor>& inputs, std::int64_t i,
          float got, double exact) {
    if (error <= largest.ulps) return;
    largest.ulps = error;
    std::ostringstream text;
    text.precision(9);
    for (const Tensor& x : inputs) text << x.data<float>()[i] << ' ';
    text << "-> " << got << ", exactly " << exact;
    largest.at = text.str();
}

void compare(Accuracy& accuracy, const std::vector<Tensor>& inputs, const Tensor& got,
             const Tensor& exact, bool derivative) {
    for (std::int64_t i = 0; i < got.numel(); ++i) {
        const float y = got.data<float>()[i];
        const double e = exact.data<double>()[i];
        double scale = derivative ? 1 : 0;
        for (const Tensor& input : inputs) {
            const double x = std::abs(double{input.data<float>()[i]});
            if (!derivative) scale = std::max(scale, inputs.size() > 1 ? x : std::min(1.0, x));
        }
        take(accuracy.relative, error_of(y, e, 0), inputs, i, y, e);
        take(accuracy.scaled, error_of(y, e, scale), inputs, i, y, e);
    }
}

Tensor computed(const PointwiseOp& op, const void* attributes, std::size_t number,
                const std::vector<Tensor>& inputs) {
    const DType dtype = inputs[0].dtype();
    Tensor out = empty(inputs[0].shape(), {.dtype = dtype});
    run_entry(op, attributes, number, out, ones(inputs[0].shape(), {.dtype = dtype}), inputs);
    return out;
}

// The attributes of the other tests, rounded to f32: an error of theirs is not one of the op.
std::vector<double> rounded_attributes(const PointwiseOp& op) {
    const auto* const given = static_cast<const double*>(attributes_of(op));
    std::vector<double> rounded(op.attribute_bytes / sizeof(double));
    for (std::size_t i = 0; i < rounded.size(); ++i) rounded[i] = static_cast<float>(given[i]);
    return rounded;
}

// Calls f(inputs, the same in f64) for every block.
template <class F> void for_each_block(const PointwiseOp& op, std::int64_t samples, const F& f) {
    for (std::int64_t first = 0; first < samples; first += kBlock) {
        const std::vector<Tensor> inputs = block_inputs(op, first, samples);
        std::vector<Tensor> wide;
        for (const Tensor& x : inputs) wide.push_back(to(x, f64));
        f(inputs, wide);
    }
}

}  // namespace

Accuracy sweep_value(const PointwiseOp& op, std::int64_t samples) {
    Accuracy accuracy;
    const std::vector<double> attributes = rounded_attributes(op);
    for_each_block(op, samples, [&](const auto& inputs, const auto& wide) {
        compare(accuracy, inputs, computed(op, attributes.data(), 0, inputs),
                computed(op, attributes.data(), 0, wide), false);
    });
    return accuracy;
}

Accuracy sweep_derivatives(const PointwiseOp& op, std::int64_t samples) {
    Accuracy accuracy;
    const std::vector<double> attributes = rounded_attributes(op);
    const PointwiseOp* const from_output = op.derivative_from_output;
    for_each_block(op, samples, [&](const auto& inputs, const auto& wide) {
        for (std::size_t number = 1;
             number < op.entries.size() && op.entries[number].index.order == 1; ++number) {
            if (op.entries[number].kind != Entry::Kind::other) continue;
            Tensor slope;
            if (from_output) {  // as backward does
                const Tensor value = computed(op, attributes.data(), 0, inputs);
                slope = computed(*from_output, attributes.data(), 0, {ones_like(value), value});
            } else {
                slope = computed(op, attributes.data(), number, inputs);
            }
            compare(accuracy, inputs, slope, computed(op, attributes.data(), number, wide), true);
        }
    });
    return accuracy;
}

}  // namespace eps::test
