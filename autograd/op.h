#pragma once
// Structured ops: each is one struct {attributes, forward, backward}. `apply(MatMul{}, a, b)` runs
// it and records its node.
//
//     struct Transpose2d {
//         // What backward reads, stated as a type.
//         using saves = SaveNothing;
//
//         // Checks shapes and calls kernels. Nothing in it is recorded.
//         Tensor forward(const Tensor& x) const;
//
//         // Uses public functions of tensors only, so that the gradient of the gradient needs no
//         // further code.
//         void backward(const Tensor& g, const Context& context, Gradients out) const;
//     };
//
// A fused op has kernels of its own for both directions, and says what it is in plain
// differentiable functions:
//
//     struct GroupNorm {
//         // What forward computes for backward. The op moves into its node after forward.
//         Tensor saved;
//         using saves = SaveAllInputs;
//
//         Tensor forward(const Tensor& x, ...);
//
//         // Calls kernels. It runs where the backward itself is not recorded.
//         void fused_backward(const Tensor& g, const Context& context, Gradients out) const;
//
//         // Differentiated where a gradient of the gradient is asked for, and by ops without a
//         // fused_backward.
//         Tensor compose(const Tensor& x, ...) const;
//     };
//
// Every op of this library is named in autograd/ops/list.h, from which its tests come; one that is
// not does not compile. An op of your own, in your own project, names itself, and is a complete op:
// hooks, anomaly mode, checkpoints and derivatives of any order hold for it. This is also how to
// give a function a backward of your choice (a straight-through estimator, an implicit layer):
//
//     // round(x), differentiated as if it were x   (Bengio et al. 2013)
//     struct RoundStraightThrough {
//         static constexpr const char* name = "round_straight_through";
//         using saves = SaveNothing;
//         Tensor forward(const Tensor& x) const { return round(x); }
//         void backward(const Tensor& g, const Context&, Gradients out) const { out[0] = g; }
//     };
//     Tensor round_straight_through(const Tensor& x) { return apply(RoundStraightThrough{}, x); }
//
// What forward computes is not recorded, whatever functions it calls. What backward computes is
// recorded where the caller asked for create_graph.
#include <array>
#include <concepts>
#include <span>
#include <utility>
#include <vector>

#include "autograd/compose.h"
#include "autograd/grad_mode.h"
#include "autograd/node.h"

namespace eps {

// ---- what an op saves for its backward ----

/// The inputs, by number, that backward reads.
template <int... Inputs> struct SaveInputs {
    static constexpr std::uint32_t inputs = ((1u << Inputs) | ... | 0u);
    static constexpr bool output = false;
};
template <int... Inputs> struct SaveInputsAndOutput {
    static constexpr std::uint32_t inputs = ((1u << Inputs) | ... | 0u);
    static constexpr bool output = true;
};
using SaveNothing = SaveInputs<>;
using SaveOutput = SaveInputsAndOutput<>;
/// What compose() needs. Bit i stands for input i, and all bits for any number of inputs.
struct SaveAllInputs {
    static constexpr std::uint32_t inputs = ~0u;
    static constexpr bool output = false;
};
struct SaveAllInputsAndOutput {
    static constexpr std::uint32_t inputs = ~0u;
    static constexpr bool output = true;
};

/// `saves` of an op as values.
struct Saved {
    std::uint32_t inputs;
    bool output;

    /// An op of any number of inputs may have more of them than the mask has bits. It names those
    /// that it saves among the first 32, or saves all.
    constexpr bool has_input(std::size_t i) const {
        return i < 32 ? (inputs >> i & 1u) != 0 : inputs == ~0u;
    }
};

/// What a backward may ask its node.
class Context {
public:
    Context(Node& node, Saved saved, std::span<const Ref<Node>> edges,
            std::span<const SavedTensor> inputs, const SavedTensor& output)
        : node_(node), saved_(saved), edges_(edges), inputs_(inputs), output_(output) {}
    std::size_t input_count() const { return edges_.size(); }
    /// Whether input i needs a gradient.
    bool needs(std::size_t i) const { return static_cast<bool>(edges_[i]); }
    /// The shape of input i, which must be one that needs a gradient.
    const Shape& shape(std::size_t i) const { return edges_[i]->shape; }
    /// Input i. Throws if `saves` does not name it.
    Tensor input(std::size_t i) const;
    /// The output. Throws if `saves` does not name it.
    Tensor output() const;

private:
    Node& node_;
    Saved saved_;
    std::span<const Ref<Node>> edges_;
    std::span<const SavedTensor> inputs_;
    const SavedTensor& output_;
};

// ---- what an op is ----

namespace detail {
template <class Op> consteval const char* own_name() {
    if constexpr (requires {
                      { Op::name } -> std::convertible_to<const char*>;
                  })
        return Op::name;
    else
        return nullptr;
}
}  // namespace detail

/// The name of an op: its own member `name` or, for the ops of this library, what
/// autograd/ops/list.h says.
template <class Op> inline constexpr const char* op_name = detail::own_name<Op>();
/// Whether autograd/ops/list.h names an op among the fused ones.
template <class Op> inline constexpr bool listed_as_fused = false;

template <class Op>
concept HasBackward = requires {
    &Op::backward;
};
template <class Op>
concept HasFusedBackward = requires {
    &Op::fused_backward;
};
template <class Op>
concept HasCompose = requires {
    &Op::compose;
};

/// op.forward(inputs...), or op.compose(inputs...), with Count inputs from a list; with the list
/// itself if Count is 0.
template <std::size_t Count, class Op> Tensor forward_of(Op& op, std::span<const Tensor> inputs) {
    if constexpr (Count == 0)
        return op.forward(inputs);
    else
        return [&]<std::size_t... I>(std::index_sequence<I...>) { return op.forward(inputs[I]...); }
    (std::make_index_sequence<Count>());
}
template <std::size_t Count, class Op>
Tensor compose_of(const Op& op, std::span<const Tensor> inputs) {
    if constexpr (Count == 0)
        return op.compose(inputs);
    else
        return [&]<std::size_t... I>(std::index_sequence<I...>) { return op.compose(inputs[I]...); }
    (std::make_index_sequence<Count>());
}

// ---- its node ----

/// The node of one application of Op. It has Count inputs, or any number if Count is 0.
template <class Op, std::size_t Count> class OpNode final : public Node {
    template <class T>
    using List = std::conditional_t<Count == 0, std::vector<T>, std::array<T, Count>>;
    static constexpr Saved kSaved{Op::saves::inputs, Op::saves::output};
    static_assert(HasBackward<Op> || HasCompose<Op>, "an op needs backward() or compose()");
    static_assert(HasBackward<Op> || kSaved.inputs == ~0u, "compose() needs every input saved");
    static_assert(!HasFusedBackward<Op> || (HasCompose<Op> && !HasBackward<Op>),
                  "a fused_backward() needs a compose(), and no backward()");

public:
    OpNode(Op op, std::span<const Tensor> inputs, const Tensor& output)
        : Node(op_name<Op>), op_(std::move(op)) {
        if constexpr (Count == 0) {
            edges_.resize(inputs.size());
            saved_.resize(inputs.size());
        }
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            edges_[i] = edge_to(inputs[i]);
            if (kSaved.has_input(i)) saved_[i] = SavedTensor::input(inputs[i]);
        }
        if constexpr (kSaved.output) output_ = SavedTensor::output(output);
    }
    std::span<const Ref<Node>> edges() const override { return edges_; }
    void backward(const Tensor& g, Gradients gradients) override {
        const Context context(*this, kSaved, edges_, saved_, output_);
        if constexpr (HasBackward<Op>) {
            op_.backward(g, context, gradients);
        } else {
            if constexpr (HasFusedBackward<Op>)
                if (!grad_enabled()) return op_.fused_backward(g, context, gradients);
            backward_of_composition(g, context, gradients);
        }
    }
    void release_saved() override {
        for (SavedTensor& tensor : saved_) tensor.reset();
        output_.reset();
        if constexpr (requires { op_.saved; }) op_.saved = {};
    }

private:
    void backward_of_composition(const Tensor& g, const Context& context, Gradients gradients) {
        List<Tensor> inputs;
        if constexpr (Count == 0) inputs.resize(edges_.size());
        for (std::size_t i = 0; i < edges_.size(); ++i) inputs[i] = context.input(i);
        differentiate_composition(
            [&](std::span<const Tensor> x) { return compose_of<Count>(op_, x); }, inputs, edges_, g,
            gradients);
    }

    Op op_;
    List<Ref<Node>> edges_;
    List<SavedTensor> saved_;
    SavedTensor output_;
};

// ---- applying it ----

/// Throws unless every tensor is defined and all are on one device.
void check_inputs(const char* op, std::span<const Tensor> inputs);

/// forward without recording. An op may return one of its inputs: the result is then another
/// handle, which gets a history of its own.
template <std::size_t Count, class Op> Tensor run_forward(Op& op, std::span<const Tensor> inputs) {
    NoGrad guard;
    const Tensor output = forward_of<Count>(op, inputs);
    check(output.defined(), op_name<Op>, "its forward returned an undefined tensor");
    return output.requires_grad()
               ? output.as_strided(output.shape(), output.strides(), output.offset())
               : output;
}

template <std::size_t Count, class Op> Tensor apply_to(Op op, std::span<const Tensor> inputs) {
    static_assert(op_name<Op> != nullptr,
                  "this op has no name: give it `static constexpr const char* name = \"...\";` or, "
                  "in this library, a line in autograd/ops/list.h");
    static_assert(
        HasCompose<Op> == listed_as_fused<Op> || detail::own_name<Op>() != nullptr,
        "an op of this library with compose() belongs into EPS_COMPOSED_OPS, and no other does");
    check_inputs(op_name<Op>, inputs);
    if constexpr (HasCompose<Op>)
        if (ComposeMode::enabled()) [[unlikely]]
            return compose_of<Count>(op, inputs);
    const Tensor output = run_forward<Count>(op, inputs);
    bool record = grad_enabled() && is_real(output.dtype());
    if (record) {
        record = false;
        for (const Tensor& x : inputs) record = record || x.requires_grad();
    }
    if (record) attach(output, make_ref<OpNode<Op, Count>>(std::move(op), inputs, output));
    return output;
}

/// Runs op.forward on the inputs and, if one of them requires a gradient, records its node.
template <class Op, std::same_as<Tensor>... Inputs> Tensor apply(Op op, const Inputs&... inputs) {
    const Tensor list[] = {inputs...};
    return apply_to<sizeof...(Inputs)>(std::move(op), list);
}
/// The same for an op of any number of inputs, whose forward takes a span.
template <class Op> Tensor apply(Op op, std::span<const Tensor> inputs) {
    return apply_to<0>(std::move(op), inputs);
}

}  // namespace eps
