#pragma once
// Structured ops: one struct {attributes, forward, backward} each. `apply(MatMul{}, a, b)` runs it and records its node.
//
//     struct Transpose2d {
//         using saves = SaveNothing;                                                    // what backward needs, stated as a type
//         Tensor forward(const Tensor& x) const;                                        // checks shapes, calls kernels; no recording
//         void backward(const Tensor& g, const Context& context, Gradients out) const;  // public functions of Tensors only, so the
//     };                                                                                // gradient of the gradient needs nothing new
//
// A fused op has kernels of its own for both directions, and says what it is in plain differentiable functions:
//
//     struct GroupNorm {
//         Tensor kept;                                                                  // what forward found out and backward reads:
//         using saves = SaveAllInputs;                                                  // the op goes into its node after forward
//         Tensor forward(const Tensor& x, ...);
//         void fused_backward(const Tensor& g, const Context&, Gradients out) const;    // kernels; runs when nothing is recorded
//         Tensor compose(const Tensor& x, ...) const;                                   // differentiated when a gradient of the gradient
//     };                                                                                // is asked for, or without a fused_backward
//
// Every op is named in autograd/ops/list.h; one that is not does not compile.
#include <array>
#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include "autograd/compose.h"
#include "autograd/grad_mode.h"
#include "autograd/node.h"

namespace eps {

/// The inputs (by index) and the output that backward reads.
template <int... Inputs> struct SaveInputs { static constexpr std::uint32_t inputs = ((1u << Inputs) | ... | 0u); static constexpr bool output = false; };
using SaveNothing = SaveInputs<>;
/// What compose() needs.
struct SaveAllInputs { static constexpr std::uint32_t inputs = ~0u; static constexpr bool output = false; };
struct SaveAllInputsAndOutput { static constexpr std::uint32_t inputs = ~0u; static constexpr bool output = true; };
struct SaveOutput { static constexpr std::uint32_t inputs = 0; static constexpr bool output = true; };
template <int... Inputs> struct SaveInputsAndOutput { static constexpr std::uint32_t inputs = ((1u << Inputs) | ... | 0u); static constexpr bool output = true; };

/// What a node hands to its op's backward.
class Context {
public:
    Context(Node& node, std::span<const Ref<Node>> edges, std::span<const SavedTensor> inputs, const SavedTensor& output)
        : node_(node), edges_(edges), inputs_(inputs), output_(output) {}
    std::size_t input_count() const { return edges_.size(); }
    bool needs(std::size_t i) const { return static_cast<bool>(edges_[i]); }
    /// Shape of input i, which must be one that needs a gradient.
    const Shape& shape(std::size_t i) const { return edges_[i]->shape; }
    /// Input i, which must be one the op saves.
    Tensor input(std::size_t i) const { return inputs_[i].unpack(node_); }
    Tensor output() const { return output_.unpack(node_); }

private:
    Node& node_;
    std::span<const Ref<Node>> edges_;
    std::span<const SavedTensor> inputs_;
    const SavedTensor& output_;
};

/// The name of a listed op: specialised by EPS_NAME_OP.
template <class Op> inline constexpr const char* op_name = nullptr;
/// Is it listed among the fused ones: specialised by EPS_NAME_FUSED_OP.
template <class Op> inline constexpr bool listed_as_fused = false;

template <class Op> concept HasBackward = requires { &Op::backward; };
template <class Op> concept HasFusedBackward = requires { &Op::fused_backward; };
template <class Op> concept HasCompose = requires { &Op::compose; };

/// op.forward(inputs...) or op.compose(inputs...) from a list: Count inputs, or the list itself if Count is 0.
template <std::size_t Count, class Op>
Tensor forward_of(Op& op, std::span<const Tensor> inputs) {
    if constexpr (Count == 0) return op.forward(inputs);
    else return [&]<std::size_t... I>(std::index_sequence<I...>) { return op.forward(inputs[I]...); }(std::make_index_sequence<Count>());
}
template <std::size_t Count, class Op>
Tensor compose_of(const Op& op, std::span<const Tensor> inputs) {
    if constexpr (Count == 0) return op.compose(inputs);
    else return [&]<std::size_t... I>(std::index_sequence<I...>) { return op.compose(inputs[I]...); }(std::make_index_sequence<Count>());
}

/// The node of one application of Op; Count inputs, or any number if Count is 0.
template <class Op, std::size_t Count>
class OpNode final : public Node {
    template <class T> using List = std::conditional_t<Count == 0, std::vector<T>, std::array<T, Count>>;
    static_assert(HasBackward<Op> || HasCompose<Op>, "an op needs backward() or compose()");
    static_assert(HasBackward<Op> || Op::saves::inputs == ~0u, "compose() needs every input saved");
    static_assert(!HasFusedBackward<Op> || (HasCompose<Op> && !HasBackward<Op>), "a fused_backward() needs a compose(), and no backward()");

public:
    OpNode(Op op, std::span<const Tensor> inputs, const Tensor& output) : Node(op_name<Op>), op_(std::move(op)) {
        if constexpr (Count == 0) {
            edges_.resize(inputs.size());
            saved_.resize(inputs.size());
        }
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            edges_[i] = edge_to(inputs[i]);
            if (Op::saves::inputs >> i & 1u) saved_[i] = SavedTensor::input(inputs[i]);
        }
        if constexpr (Op::saves::output) output_ = SavedTensor::output(output);
    }
    std::span<const Ref<Node>> edges() const override { return edges_; }
    void backward(const Tensor& g, Gradients gradients) override {
        const Context context(*this, edges_, saved_, output_);
        if constexpr (HasBackward<Op>) {
            op_.backward(g, context, gradients);
        } else {
            if constexpr (HasFusedBackward<Op>)
                if (!grad_enabled()) return op_.fused_backward(g, context, gradients);
            backward_of_composition(g, context, gradients);
        }
    }
    void release_saved() override {
        for (SavedTensor& saved : saved_) saved.reset();
        output_.reset();
        if constexpr (requires { op_.kept; }) op_.kept = Tensor();
    }

private:
    void backward_of_composition(const Tensor& g, const Context& context, Gradients gradients) {
        List<Tensor> inputs;
        if constexpr (Count == 0) inputs.resize(edges_.size());
        for (std::size_t i = 0; i < edges_.size(); ++i) inputs[i] = context.input(i);
        differentiate_composition([&](std::span<const Tensor> x) { return compose_of<Count>(op_, x); }, inputs, edges_, g, gradients);
    }

    Op op_;
    List<Ref<Node>> edges_;
    List<SavedTensor> saved_;
    SavedTensor output_;
};

/// Throws unless every tensor is defined and all live on one device.
void check_inputs(const char* op, std::span<const Tensor> inputs);

template <std::size_t Count, class Op>
Tensor apply_to(Op op, std::span<const Tensor> inputs) {
    static_assert(op_name<Op> != nullptr, "name this op in autograd/ops/list.h");
    check_inputs(op_name<Op>, inputs);
    static_assert(HasCompose<Op> == listed_as_fused<Op>, "an op with compose() belongs into EPS_COMPOSED_OPS, and no other does");
    if constexpr (HasCompose<Op>)
        if (ComposeMode::enabled()) [[unlikely]]
            return compose_of<Count>(op, inputs);
    const Tensor output = forward_of<Count>(op, inputs);
    bool record = grad_enabled() && is_floating(output.dtype()) && output.dtype() != bf16;
    if (record) {
        record = false;
        for (const Tensor& x : inputs) record = record || x.requires_grad();
    }
    if (record) attach(output, make_ref<OpNode<Op, Count>>(std::move(op), inputs, output));
    return output;
}

/// Runs op.forward on the inputs and, if one of them requires a gradient, records its node.
template <class Op, std::same_as<Tensor>... Inputs>
Tensor apply(Op op, const Inputs&... inputs) {
    const Tensor list[] = {inputs...};
    return apply_to<sizeof...(Inputs)>(std::move(op), list);
}
/// The same for an op of any number of inputs, whose forward takes a span.
template <class Op>
Tensor apply(Op op, std::span<const Tensor> inputs) {
    return apply_to<0>(std::move(op), inputs);
}

}  // namespace eps
