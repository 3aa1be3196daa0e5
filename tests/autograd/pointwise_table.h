#pragma once
// Where pointwise ops are tested, and with which attributes. An op that is not named here is tested
// on [-2, 2] with its default attributes.
#include <cmath>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "autograd/ops/elementwise/cast.h"
#include "autograd/record_pointwise.h"
#include "tests/autograd/support.h"

namespace eps::test {

struct Interval {
    double lo = -2, hi = 2;
};
struct Sampling {
    std::vector<Interval> domain = {};    // of each input; the last one holds for those that follow
    std::vector<double> attributes = {};  // the struct's members, in order; empty: the defaults
};

inline const Sampling& sampling_of(const std::string& op) {
    static const Interval positive{0.3, 2.5}, unit{-0.9, 0.9};
    static const std::map<std::string, Sampling> table = {
        {"div", {{{}, positive}}},
        {"pow", {{positive, {}}}},
        {"atan2", {{positive, {}}}},
        {"remainder", {{{}, {3, 7}}}},
        {"fmod", {{{7.2, 7.8}, {2.1, 2.3}}}},
        {"hypot", {{positive}}},
        {"xlogy", {{{}, positive}}},
        {"addcmul", {{}, {1.7}}},
        {"threshold", {{}, {0.4, -0.7}}},
        {"log", {{positive}}},
        {"log2", {{positive}}},
        {"log10", {{positive}}},
        {"log1p", {{{-0.7, 2}}}},
        {"sqrt", {{positive}}},
        {"rsqrt", {{positive}}},
        {"reciprocal", {{positive}}},
        {"tan", {{{-1.1, 1.1}}}},
        {"asin", {{unit}}},
        {"acos", {{unit}}},
        {"atanh", {{unit}}},
        {"acosh", {{{1.3, 4}}}},
        {"relu6", {{{-3, 9}}}},
        {"hardsigmoid", {{{-5, 5}}}},
        {"hardswish", {{{-5, 5}}}},
        {"add_scalar", {{}, {0.3}}},
        {"mul_scalar", {{}, {1.7}}},
        {"div_scalar", {{}, {1.7}}},
        {"scalar_div", {{positive}, {1.7}}},
        {"scalar_pow", {{}, {1.7}}},
        {"pow_scalar", {{positive}, {2.5}}},
        {"clamp", {{}, {-0.7, 0.9}}},
        {"elu", {{}, {1.3}}},
        {"celu", {{}, {1.3}}},
        {"leaky_relu", {{}, {0.2}}},
        {"huber", {{}, {0.8}}},
        {"planar_log_det", {{unit, {-0.8, 2}}}},
        {"cbrt", {{positive}}},
        {"sqrt_backward", {{{}, positive}}},
        {"cbrt_backward", {{{}, positive}}},
    };
    static const Sampling everywhere;
    const auto at = table.find(op);
    return at == table.end() ? everywhere : at->second;
}

inline Interval domain_of(const PointwiseOp& op, int input) {
    const auto& domain = sampling_of(op.name).domain;
    return domain.empty() ? Interval{}
                          : domain[std::min(static_cast<std::size_t>(input), domain.size() - 1)];
}

/// The attribute bytes to test an op with.
inline const void* attributes_of(const PointwiseOp& op) {
    const auto& values = sampling_of(op.name).attributes;
    if (values.empty()) return op.default_attributes;
    REQUIRE(values.size() * sizeof(double) == op.attribute_bytes);
    return values.data();
}

/// One f64 input of the op's domain, exactly representable in f32.
inline Tensor sample(const PointwiseOp& op, int input, const Shape& shape, std::uint64_t seed = 1) {
    const Interval at = domain_of(op, input);
    return to(to(uniform(shape, at.lo, at.hi, 10 * seed + static_cast<std::uint64_t>(input)), f32),
              f64);
}
inline std::vector<Tensor> samples(const PointwiseOp& op, const Shape& shape,
                                   std::uint64_t seed = 1) {
    std::vector<Tensor> inputs;
    for (int j = 0; j < op.arity; ++j) inputs.push_back(sample(op, j, shape, seed));
    return inputs;
}

/// out = entry `number` of the op's derivative table, straight from the CPU kernel. Entries known
/// to be zero or one have no kernel.
inline void run_entry(const PointwiseOp& op, const void* attributes, std::size_t number,
                      Tensor& out, const Tensor& g, const std::vector<Tensor>& inputs) {
    const Entry::Kind kind = number ? op.entries[number].kind : Entry::Kind::other;
    if (kind == Entry::Kind::zero)
        out.fill_(0);
    else if (kind == Entry::Kind::one)
        out.copy_(g);
    else
        op.cpu_kernel(attributes, static_cast<int>(number),
                      {out, number ? g : Tensor(), inputs.data()});
}

/// "mul {0, 1}"
inline std::string entry_name(const PointwiseOp& op, std::size_t number) {
    std::string text = std::string(op.name) + " {";
    const MultiIndex& index = op.entries[number].index;
    for (int k = 0; k < index.order; ++k)
        text += (k ? ", " : "") + std::to_string(index.inputs[static_cast<std::size_t>(k)]);
    return text + "}";
}

/// Every op of the list, and the derivative_from_output of those that have one.
inline std::vector<const PointwiseOp*> ops_and_derivatives_from_output() {
    std::vector<const PointwiseOp*> ops;
    for (const PointwiseOp* op : all_pointwise_ops()) {
        ops.push_back(op);
        if (op->derivative_from_output) ops.push_back(op->derivative_from_output);
    }
    return ops;
}

}  // namespace eps::test
