#include "autograd/record_pointwise.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"

namespace eps {
namespace {

constexpr int kMaxInputs = 5;  // g and four inputs

/// An entry of an op's derivative table, bound to the attributes of one call:
/// g * d^index f(x...), or f(x...) itself for entry 0.
struct BoundEntry {
    const PointwiseOp* op;
    int number = 0;
    alignas(16) std::array<std::byte, kMaxAttributeBytes> attributes;

    BoundEntry(const PointwiseOp& o, const void* bytes) : op(&o) {
        if (o.attribute_bytes) std::memcpy(attributes.data(), bytes, o.attribute_bytes);
    }
    const Entry& entry() const { return op->entries[static_cast<std::size_t>(number)]; }
    bool has_g() const { return number > 0; }
    bool has_next_order() const { return entry().index.order < op->max_order; }
    /// The entry of one more derivative, by `input`. Requires has_next_order().
    const Entry& next(int input) const {
        return op->entries[static_cast<std::size_t>(next_number(input))];
    }
    /// next(input) with the same attributes. Throws where the table has no derivative of that
    /// order.
    BoundEntry differentiated(int input) const {
        check(has_next_order(), op->name, "derivative of order ", entry().index.order + 1,
              " is not instantiated; got a gradient of a gradient too many; ",
              "expected order <= ", op->max_order,
              "; hint: raise max_order_of in tensor/contract/derivative_table.h");
        BoundEntry derivative = *this;
        derivative.number = next_number(input);
        return derivative;
    }

private:
    int next_number(int input) const { return op->entry_of(entry().index.plus(input)); }
};

DType compute_dtype(const PointwiseOp& op, std::span<const Tensor> inputs) {
    DType dtype = DType::boolean;
    for (const Tensor& x : inputs) {
        check_computes(op.name, x);
        dtype = promote(dtype, x.dtype());
    }
    if (op.kind == PointwiseKind::floating && !is_floating(dtype)) return f32;
    if (op.kind == PointwiseKind::numeric && dtype == DType::boolean) return i64;
    return dtype;
}

// An integer tensor takes scalars of its own type only: x + 0.5 would silently be x, and x + 300 of
// u8 would be x + 44. (A negative number is a subtraction, as in x - 5.) An attribute may keep its
// default, as the infinite bounds of a clamp do.
void check_integer_attributes(const BoundEntry& call, DType dtype, const Tensor& x) {
    const auto* values = reinterpret_cast<const double*>(call.attributes.data());
    const auto* defaults = static_cast<const double*>(call.op->default_attributes);
    for (std::size_t i = 0; i < call.op->attribute_bytes / sizeof(double); ++i) {
        if (values[i] == defaults[i]) continue;
        check(values[i] == std::floor(values[i]), call.op->name,
              "a fractional scalar with an integer tensor; got ", values[i], " and ", describe(x),
              "; hint: to(x, f32) first");
        check(can_hold(dtype, std::abs(values[i])), call.op->name,
              "the scalar is beyond the range of the tensor's type; got ", values[i], " and ",
              describe(x), "; hint: to(x, ", dtype == i64 ? "f32" : "i64", ") first");
    }
}

// Keeps the memory order of the first full-sized input, so that channels-last images stay
// channels-last.
Tensor make_output(const Shape& shape, Options options, std::span<const Tensor> inputs) {
    for (const Tensor& x : inputs)
        if (x.defined() && x.shape() == shape) {
            if (x.is_contiguous()) break;
            if (is_dense(x)) return empty_strided(shape, x.strides(), options);
        }
    return empty(shape, options);
}

void launch(const BoundEntry& call, Tensor& out, const Tensor& g, const Tensor* inputs) {
    if (out.numel() == 0) return;
    kernels::run_pointwise(*call.op, call.attributes.data(), call.number, {out, g, inputs});
}

// g * d^index f(inputs), recorded where gradients are: undefined where that is zero, and g itself
// where the derivative is one.
Tensor vjp(const BoundEntry& derivative, const Tensor& g, std::span<const Tensor> inputs);

// Undoes what broadcasting and promotion did to an input: sums and converts its gradient.
Tensor reduce_to(Tensor gradient, const Node& input) {
    if (gradient.shape() != input.shape) gradient = sum_to(gradient, input.shape);
    return to(gradient, input.dtype);
}

/// The node of one entry. It has Count inputs, of which g is the first if the entry has one: a node
/// is made for each op that runs, and fields that it does not have cost nothing.
template <std::size_t Count> class PointwiseNode final : public Node {
public:
    PointwiseNode(const BoundEntry& call, std::span<const Tensor> inputs, const Tensor& output)
        : Node(call.op->name), call_(call) {
        for (std::size_t i = 0; i < Count; ++i)
            // An input that the entry does not read was not passed, and has no gradient.
            if (inputs[i].defined()) edges_[i] = edge_to(inputs[i]);
        if (differentiates_output()) {
            output_ = SavedTensor::output(output);
            return;
        }
        const std::uint32_t needed = needed_inputs();
        for (std::size_t i = 0; i < Count; ++i)
            if (needed >> i & 1u) saved_[i] = SavedTensor::input(inputs[i]);
    }

    std::span<const Ref<Node>> edges() const override { return edges_; }

    void backward(const Tensor& h, std::span<Tensor> gradients) override {
        if (differentiates_output()) {
            const Tensor inputs[] = {h, output_.unpack(*this)};
            gradients[0] = reduce_to(
                pointwise(*call_.op->derivative_from_output, call_.attributes.data(), inputs),
                *edges_[0]);
            return;
        }
        std::array<Tensor, Count> inputs;
        const std::uint32_t needed = needed_inputs();
        for (std::size_t i = 0; i < Count; ++i)
            if (needed >> i & 1u) inputs[i] = saved_[i].unpack(*this);
        for (std::size_t i = 0; i < Count; ++i) {
            if (!edges_[i]) continue;
            Tensor gradient = gradient_of_input(i, h, inputs);
            if (gradient.defined()) gradients[i] = reduce_to(std::move(gradient), *edges_[i]);
        }
    }

    void release_saved() override {
        for (SavedTensor& saved : saved_) saved.reset();
        output_.reset();
    }

private:
    bool differentiates_output() const {
        return !call_.has_g() && call_.op->derivative_from_output != nullptr;
    }
    /// The number of the first input that f has: 1 behind a g.
    std::size_t first() const { return call_.has_g() ? 1 : 0; }

    /// With the entry g * d^I f(x...):  d/dg is h * d^I f,  d/dx_j is (h g) * d^(I+j) f.
    Tensor gradient_of_input(std::size_t i, const Tensor& h, std::span<const Tensor> inputs) const {
        const std::span<const Tensor> x = inputs.subspan(first());
        if (call_.has_g() && i == 0) return vjp(call_, h, x);
        const BoundEntry derivative = call_.differentiated(static_cast<int>(i - first()));
        if (derivative.entry().kind == Entry::Kind::zero) return {};
        return vjp(derivative, call_.has_g() ? mul_no_nan(h, inputs[0]) : h, x);
    }

    /// Bit i: the backward of this node reads input i.
    std::uint32_t needed_inputs() const {
        std::uint32_t needed = 0;
        if (call_.has_g() && edges_[0]) needed |= call_.entry().reads << 1;
        for (std::size_t i = first(); i < Count; ++i) {
            // Where the table ends, backward throws: there is nothing to save for it.
            if (!edges_[i] || !call_.has_next_order()) continue;
            const Entry& derivative = call_.next(static_cast<int>(i - first()));
            if (derivative.kind == Entry::Kind::zero) continue;
            needed |= derivative.reads << first() | (call_.has_g() ? 1u : 0u);
        }
        return needed;
    }

    BoundEntry call_;
    std::array<Ref<Node>, Count> edges_;
    std::array<SavedTensor, Count> saved_;
    SavedTensor output_;
};

void record(const BoundEntry& call, std::span<const Tensor> inputs, const Tensor& output) {
    if (!grad_enabled() || call.op->max_order == 0 || !is_floating(output.dtype())) return;
    const bool needed = std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) {
        return x.defined() && x.requires_grad();
    });
    if (!needed) return;
    switch (inputs.size()) {
        case 1: return attach(output, make_ref<PointwiseNode<1>>(call, inputs, output));
        case 2: return attach(output, make_ref<PointwiseNode<2>>(call, inputs, output));
        case 3: return attach(output, make_ref<PointwiseNode<3>>(call, inputs, output));
        case 4: return attach(output, make_ref<PointwiseNode<4>>(call, inputs, output));
        default: return attach(output, make_ref<PointwiseNode<kMaxInputs>>(call, inputs, output));
    }
}

// The forward: checks, allocates, computes, records.
Tensor run(const BoundEntry& forward, std::span<const Tensor> inputs) {
    const PointwiseOp& op = *forward.op;
    Shape shape = inputs[0].shape();
    for (const Tensor& x : inputs.subspan(1)) {
        shape = broadcast_shapes(shape, x.shape(), op.name);
        check(x.device() == inputs[0].device(), op.name, "inputs on different devices; got ",
              inputs[0].device(), " and ", x.device(), "; hint: to(x, device)");
    }
    const DType dtype = compute_dtype(op, inputs);
    if (!is_floating(dtype)) check_integer_attributes(forward, dtype, inputs[0]);
    const DType out_dtype = op.kind == PointwiseKind::predicate ? DType::boolean : dtype;
    Tensor out = make_output(shape, {out_dtype, inputs[0].device()}, inputs);
    launch(forward, out, Tensor(), inputs.data());
    record(forward, inputs, out);
    return out;
}

Tensor vjp(const BoundEntry& derivative, const Tensor& g, std::span<const Tensor> inputs) {
    if (derivative.entry().kind == Entry::Kind::zero) return {};
    if (derivative.entry().kind == Entry::Kind::one) return g;
    const bool keep_order = g.is_contiguous() || is_dense(g);
    Tensor out = make_output(g.shape(), g.options(), keep_order ? std::span(&g, 1) : inputs);
    launch(derivative, out, g, inputs.data());
    if (grad_enabled()) {
        std::array<Tensor, kMaxInputs> all{g};
        std::copy(inputs.begin(), inputs.end(), all.begin() + 1);
        record(derivative, std::span(all.data(), inputs.size() + 1), out);
    }
    return out;
}

}  // namespace

Tensor pointwise(const PointwiseOp& op, const void* attributes, std::span<const Tensor> inputs) {
    for (const Tensor& x : inputs) check(x.defined(), op.name, "an input is an undefined tensor");
    return run(BoundEntry(op, attributes), inputs);
}

}  // namespace eps
