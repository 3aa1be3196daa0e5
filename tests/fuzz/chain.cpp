#include "tests/fuzz/chain.h"

#include <algorithm>

#include "autograd/engine.h"
#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps::fuzz {
namespace {

constexpr double kLargest = 1e3;
constexpr std::int64_t kMostNumbers = 600;

// All ops, those of a group side by side.
const std::vector<NamedOp>& all_ops() {
    static const std::vector<NamedOp> list = [] {
        std::vector<NamedOp> ops;
        for (const auto group : {unary_ops(), binary_ops(), reduction_ops(), shape_ops(),
                                 join_ops(), index_ops(), image_ops(), network_ops()})
            ops.insert(ops.end(), group.begin(), group.end());
        return ops;
    }();
    return list;
}

// The values in memory of another layout: transposed, or every second element of a larger block
// whose other elements are huge.
Tensor in_layout(const Tensor& x, std::int64_t layout) {
    if (layout == 1 && x.rank() >= 2) return transpose(clone(transpose(x, 0, -1)), 0, -1);
    if (layout == 2 && x.rank() >= 1) {
        Shape doubled = x.shape();
        doubled[x.rank() - 1] = 2 * doubled.back() + 1;
        Tensor y = slice(full(doubled, 1e30, x.options()), -1, 1, INT64_MAX, 2);
        return y.copy_(x);
    }
    return x;
}

double largest(const Naive& x) {
    double most = 0;
    for (const Jet& j : x.numbers)
        for (double part : {j.value, j.first, j.second})
            most = std::isfinite(part) ? std::max(most, std::abs(part)) : INFINITY;
    return most;
}

double dot(const Tensor& a, const std::vector<double>& b, double& magnitude) {
    double sum = 0;
    const std::vector<double> values = a.to_vector();
    for (std::size_t i = 0; i < b.size(); ++i) {
        sum += values[i] * b[i];
        magnitude += std::abs(values[i] * b[i]);
    }
    return sum;
}

}  // namespace

Chain::Chain(Draws& choices) : draws(choices) {
    const DType dtype = draws.one_in(2) ? f32 : f64;
    operands_.push_back(leaf(shape(4), dtype));
}

Shape Chain::shape(int rank, std::int64_t largest_extent) {
    Shape out;
    for (std::int64_t d = draws.below(rank + 1); d > 0; --d) {
        const std::int64_t extent = draws.between(-1, 2 * largest_extent);
        out.push_back(extent < 0 ? 0 : 1 + extent % largest_extent);
    }
    return out;
}

Operand Chain::leaf(const Shape& of_shape, DType dtype, double low, double high) {
    Noise noise(draws.below(256));
    Leaf leaf;
    Naive naive = naive_from(of_shape, dtype, [&](const Shape&) {
        return Jet{noise(low, high), noise(-1, 1), 0};
    });
    std::vector<double> values;
    for (const Jet& number : naive.numbers) {
        values.push_back(number.value);
        leaf.tangent.push_back(number.first);
    }
    const NoGrad guard;
    Tensor x = empty(of_shape, {.dtype = dtype});
    if (!values.empty()) x.copy_(reshape(tensor(values, {}, {.dtype = dtype}), of_shape));
    leaf.tensor = detach(in_layout(x, draws.below(3))).requires_grad_();
    leaves_.push_back(leaf);
    single_ = single_ || dtype == f32;
    scale_ = std::max(scale_, largest(naive));
    return {leaf.tensor, std::move(naive)};
}

Operand Chain::partner(const Shape& of_shape) {
    const DType dtype = x().tensor.dtype();
    switch (draws.below(12)) {
        case 10: return operands_[static_cast<std::size_t>(draws.below(256)) % operands_.size()];
        case 11: return leaf(of_shape, dtype == f32 ? f64 : f32);
        default: return leaf(of_shape, dtype);
    }
}

Operand Chain::indices(const Shape& of_shape, std::int64_t end) {
    Operand out;
    out.naive = naive_from(of_shape, i64, [&](const Shape&) {
        const std::int64_t i = draws.below(256);
        return constant(static_cast<double>(i == 255 || end < 1 ? end : i % end));
    });
    std::vector<double> values;
    for (const Jet& number : out.naive.numbers) values.push_back(number.value);
    out.tensor = empty(of_shape, {.dtype = i64});
    if (!values.empty()) out.tensor.copy_(reshape(tensor(values, {}, {.dtype = i64}), of_shape));
    return out;
}

void Chain::step() {
    const auto& ops = all_ops();
    const NamedOp& op = ops[static_cast<std::size_t>(draws.below(256)) % ops.size()];
    trace_ += str("\n  ", op.name, " of ", describe(x().tensor));
    const Call call = op.make(*this);
    Tensor y;
    std::string message;
    try {
        y = call.run();
    } catch (const Error& error) { message = error.what(); }
    if (call.expected == Call::Expected::open) return;
    if (call.expected == Call::Expected::error) {
        check(!message.empty(),
              str("must throw, but gave ", y.defined() ? describe(y).to_string() : "nothing"));
        trace_ += " throws";
        return;
    }
    check(message.empty(), str("must not throw, but did: ", message));
    const double most = largest(call.naive);
    check(y.shape() == call.naive.shape && y.dtype() == call.naive.dtype,
          str("gave ", describe(y), "; expected ", call.naive.dtype, " ", call.naive.shape));
    if (most > kLargest || call.naive.count() > kMostNumbers || y.rank() > 5) return;
    scale_ = std::max(scale_, most);
    compare(y, call.naive);
    operands_.push_back({y, call.naive});
}

double Chain::tolerance(double scale) const {
    return (single_ ? 1e-5 : 1e-10) * (1 + scale) * (1 + scale);
}

void Chain::check(bool holds, const std::string& sentence) const {
    if (!holds) require(false, sentence + "; the chain:" + trace_);
}

void Chain::compare(const Tensor& y, const Naive& expected) {
    const std::vector<double> values = y.to_vector();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double want = expected.numbers[i].value;
        check(std::abs(values[i] - want) <= tolerance(scale_),
              str("element ", i, " is ", values[i], "; expected ", want));
    }
}

void Chain::check_derivatives() {
    const Operand& y = operands_.back();
    Noise noise(draws.below(256));
    Tensor loss;
    double first = 0;
    double second = 0;
    double magnitude = 0;
    std::vector<double> weights;
    for (const Jet& number : y.naive.numbers) {
        weights.push_back(noise(-1, 1));
        first += weights.back() * number.first;
        second += weights.back() * number.second;
        magnitude += std::abs(number.first) + std::abs(number.second);
    }
    if (weights.empty()) return;
    loss = sum(y.tensor * reshape(tensor(weights, {}, y.tensor.options()), y.tensor.shape()));
    check(loss.requires_grad(), "the result requires no gradient");
    std::vector<Tensor> inputs;
    for (const Leaf& leaf : leaves_) inputs.push_back(leaf.tensor);
    const bool twice = !single_ && draws.below(2) == 0;
    const auto gradients = grad(loss, inputs, {.create_graph = twice, .allow_unused = true});
    double actual = 0;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!gradients[i].defined()) continue;
        check(
            gradients[i].shape() == inputs[i].shape() && gradients[i].dtype() == inputs[i].dtype(),
            str("a gradient is ", describe(gradients[i]), " for ", describe(inputs[i])));
        actual += dot(gradients[i], leaves_[i].tangent, magnitude);
    }
    check(std::abs(actual - first) <= tolerance(scale_) + 100 * tolerance(0) * magnitude,
          str("the derivative is ", actual, "; expected ", first));
    if (twice) check_second(gradients, second);
}

// The derivative of <gradient, tangent> along the tangent.
void Chain::check_second(const std::vector<Tensor>& gradients, double expected) {
    Tensor along = zeros({}, {.dtype = f64});
    std::vector<Tensor> inputs;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        inputs.push_back(leaves_[i].tensor);
        if (!gradients[i].defined() || gradients[i].numel() == 0) continue;
        const Tensor tangent =
            reshape(tensor(leaves_[i].tangent, {}, {.dtype = f64}), gradients[i].shape());
        along = along + sum(gradients[i] * tangent);
    }
    double actual = 0;
    double magnitude = std::abs(expected);
    if (along.requires_grad()) {
        const auto second = grad(along, inputs, {.allow_unused = true});
        for (std::size_t i = 0; i < second.size(); ++i)
            if (second[i].defined()) actual += dot(second[i], leaves_[i].tangent, magnitude);
    }
    check(std::abs(actual - expected) <= tolerance(scale_) + 100 * tolerance(0) * magnitude,
          str("the second derivative is ", actual, "; expected ", expected));
}

}  // namespace eps::fuzz
