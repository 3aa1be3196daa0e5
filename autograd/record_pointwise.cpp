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

/// One row of a family with its attributes: g * d^index f(x...), or f(x...) for row 0.
struct Member {
    const PointwiseOp* op;
    int row_number = 0;
    alignas(16) std::array<std::byte, kMaxAttributeBytes> attributes;

    Member(const PointwiseOp& o, const void* bytes) : op(&o) {
        if (o.attribute_bytes) std::memcpy(attributes.data(), bytes, o.attribute_bytes);
    }
    const Partial& row() const { return op->rows[static_cast<std::size_t>(row_number)]; }
    bool has_g() const { return row_number > 0; }
    bool has_next_order() const { return row().index.order < op->max_order; }
    /// The row of one more derivative, by `input`; has_next_order() must hold.
    int next_row(int input) const { return op->row_of(row().index.plus(input)); }
    const Partial& next(int input) const {
        return op->rows[static_cast<std::size_t>(next_row(input))];
    }
    Member differentiated(int input) const {
        check(has_next_order(), op->name, "derivative of order ", row().index.order + 1,
              " is not instantiated; got a gradient of a gradient too many; ",
              "expected order <= ", op->max_order,
              "; hint: raise max_order_of in tensor/contract/derivative_table.h");
        Member member = *this;
        member.row_number = next_row(input);
        return member;
    }
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

// An integer tensor takes scalars of its own type only: x + 0.5 would silently be x, and a u8 x +
// 300 would be x + 44 (a negative one is a subtraction: x - 5). An attribute may keep its default,
// as the infinite bounds of a clamp do.
void check_integer_attributes(const Member& member, DType dtype, const Tensor& x) {
    const auto* values = reinterpret_cast<const double*>(member.attributes.data());
    const auto* defaults = static_cast<const double*>(member.op->default_attributes);
    for (std::size_t i = 0; i < member.op->attribute_bytes / sizeof(double); ++i) {
        if (values[i] == defaults[i]) continue;
        check(values[i] == std::floor(values[i]), member.op->name,
              "a fractional scalar with an integer tensor; got ", values[i], " and ", describe(x),
              "; hint: to(x, f32) first");
        check(can_hold(dtype, std::abs(values[i])), member.op->name,
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

void launch(const Member& member, Tensor& out, const Tensor& g, const Tensor* inputs) {
    if (out.numel() == 0) return;
    kernels::run_pointwise(*member.op, member.attributes.data(), member.row_number,
                           {out, g, inputs});
}

Tensor run(const Member& member, std::span<const Tensor> inputs);
// g * d^index f: undefined where that is zero, g itself where it is one.
Tensor vjp(const Member& member, const Tensor& g, std::span<const Tensor> inputs);

// The gradient of an input that was broadcast or converted.
Tensor reduce_to(Tensor gradient, const Node& input) {
    if (gradient.shape() != input.shape) gradient = sum_to(gradient, input.shape);
    return to(gradient, input.dtype);
}

/// Count inputs, g included: a node is made for each op, and what it does not hold costs nothing.
template <std::size_t Count> class PointwiseNode final : public Node {
public:
    PointwiseNode(const Member& member, std::span<const Tensor> inputs, const Tensor& output)
        : Node(member.op->name), member_(member) {
        for (std::size_t i = 0; i < Count; ++i)
            // what a row does not read is not passed, and has no gradient
            if (inputs[i].defined()) edges_[i] = edge_to(inputs[i]);
        if (!member.has_g() && member.op->derivative_from_output) {
            output_ = SavedTensor::output(output);
            return;
        }
        const std::uint32_t keep = needed_inputs();
        for (std::size_t i = 0; i < Count; ++i)
            if (keep >> i & 1u) saved_[i] = SavedTensor::input(inputs[i]);
    }

    std::span<const Ref<Node>> edges() const override { return edges_; }

    void backward(const Tensor& h, std::span<Tensor> gradients) override {
        if (!member_.has_g() && member_.op->derivative_from_output) {
            const Tensor inputs[] = {h, output_.unpack(*this)};
            gradients[0] = reduce_to(
                pointwise(*member_.op->derivative_from_output, member_.attributes.data(), inputs),
                *edges_[0]);
            return;
        }
        std::array<Tensor, Count> inputs;
        const std::uint32_t keep = needed_inputs();
        for (std::size_t i = 0; i < Count; ++i)
            if (keep >> i & 1u) inputs[i] = saved_[i].unpack(*this);
        const std::size_t first = member_.has_g() ? 1 : 0;
        const std::span<const Tensor> x(inputs.data() + first, Count - first);
        for (std::size_t i = 0; i < Count; ++i) {
            if (!edges_[i]) continue;
            Tensor gradient;
            if (member_.has_g() && i == 0) {
                gradient = vjp(member_, h, x);
            } else {
                const Member slope = member_.differentiated(static_cast<int>(i - first));
                if (slope.row().kind == Partial::Kind::zero) continue;
                gradient = vjp(slope, member_.has_g() ? mul(h, inputs[0]) : h, x);
            }
            gradients[i] = reduce_to(std::move(gradient), *edges_[i]);
        }
    }

    void release_saved() override {
        for (SavedTensor& saved : saved_) saved.reset();
        output_.reset();
    }

private:
    // Bit i: the backward of this node reads input i (g first, if there is one).
    std::uint32_t needed_inputs() const {
        const std::size_t first = member_.has_g() ? 1 : 0;
        std::uint32_t keep = 0;
        if (first && edges_[0]) keep |= member_.row().reads << 1;
        for (std::size_t i = first; i < Count; ++i) {
            // too high an order: backward will say so
            if (!edges_[i] || !member_.has_next_order()) continue;
            const Partial& slope = member_.next(static_cast<int>(i - first));
            if (slope.kind == Partial::Kind::zero) continue;
            keep |= slope.reads << first | (first ? 1u : 0u);
        }
        return keep;
    }

    Member member_;
    std::array<Ref<Node>, Count> edges_;
    std::array<SavedTensor, Count> saved_;
    SavedTensor output_;
};

void record(const Member& member, std::span<const Tensor> inputs, const Tensor& output) {
    if (!grad_enabled() || member.op->max_order == 0 || !is_floating(output.dtype())) return;
    const bool needed = std::any_of(inputs.begin(), inputs.end(), [](const Tensor& x) {
        return x.defined() && x.requires_grad();
    });
    if (!needed) return;
    switch (inputs.size()) {
        case 1: return attach(output, make_ref<PointwiseNode<1>>(member, inputs, output));
        case 2: return attach(output, make_ref<PointwiseNode<2>>(member, inputs, output));
        case 3: return attach(output, make_ref<PointwiseNode<3>>(member, inputs, output));
        case 4: return attach(output, make_ref<PointwiseNode<4>>(member, inputs, output));
        default: return attach(output, make_ref<PointwiseNode<kMaxInputs>>(member, inputs, output));
    }
}

Tensor run(const Member& member, std::span<const Tensor> inputs) {
    const PointwiseOp& op = *member.op;
    Shape shape = inputs[0].shape();
    for (const Tensor& x : inputs.subspan(1)) {
        shape = broadcast_shapes(shape, x.shape(), op.name);
        check(x.device() == inputs[0].device(), op.name, "inputs on different devices; got ",
              inputs[0].device(), " and ", x.device(), "; hint: to(x, device)");
    }
    const DType dtype = compute_dtype(op, inputs);
    if (!is_floating(dtype)) check_integer_attributes(member, dtype, inputs[0]);
    Tensor out = make_output(
        shape, {op.kind == PointwiseKind::predicate ? DType::boolean : dtype, inputs[0].device()},
        inputs);
    launch(member, out, Tensor(), inputs.data());
    record(member, inputs, out);
    return out;
}

Tensor vjp(const Member& member, const Tensor& g, std::span<const Tensor> inputs) {
    const Partial& row = member.row();
    if (row.kind == Partial::Kind::zero) return {};
    if (row.kind == Partial::Kind::one) return g;
    const bool keep_order = g.is_contiguous() || is_dense(g);
    Tensor out = make_output(g.shape(), g.options(), keep_order ? std::span(&g, 1) : inputs);
    launch(member, out, g, inputs.data());
    if (grad_enabled()) {
        std::array<Tensor, kMaxInputs> all{g};
        std::copy(inputs.begin(), inputs.end(), all.begin() + 1);
        record(member, std::span(all.data(), inputs.size() + 1), out);
    }
    return out;
}

}  // namespace

Tensor pointwise(const PointwiseOp& op, const void* attributes, std::span<const Tensor> inputs) {
    for (const Tensor& x : inputs) check(x.defined(), op.name, "an input is an undefined tensor");
    return run(Member(op, attributes), inputs);
}

}  // namespace eps
