#pragma once
// The graph. A node is the AutogradMeta of the tensor it computed: tensors own nodes, nodes own
// (through edges) the nodes of their inputs, and dropping the last tensor frees everything behind
// it.
//
//     x (leaf) ----> mul ----> sum ----> loss        what was computed
//     LeafNode <---- node <--- node <--- loss        who owns whom, and where gradients go
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

using GradientHook = std::function<Tensor(const Tensor& gradient)>;

class Node : public AutogradMeta {
public:
    explicit Node(const char* name);

    const char* name() const { return name_; }
    /// Creation order. An op is created after its inputs, so descending numbers are a topological
    /// order; leaves have 0.
    std::uint64_t sequence() const { return sequence_; }

    /// The node behind each input; null where no gradient is needed.
    virtual std::span<const Ref<Node>> edges() const = 0;
    /// Computes gradients[i] = d(loss)/d(input i) from gradient = d(loss)/d(output), for every i
    /// with an edge. An undefined gradient means zero.
    virtual void backward(const Tensor& gradient, std::span<Tensor> gradients) = 0;
    /// Drops what was saved for backward.
    virtual void release_saved() {}

    // What the gradient of this node must look like: shape, dtype and device of the tensor that it
    // computed.
    Shape shape;
    DType dtype = f32;
    Device device;

    std::vector<GradientHook>& hooks();
    bool has_hooks() const { return extras_ && !extras_->hooks.empty(); }
    /// Where the node was created; empty outside anomaly mode.
    std::string where() const;

protected:
    ~Node() override = default;
    void dispose() noexcept override;  // iterative: see node.cpp
    void mark_leaf() { sequence_ = 0; }

private:
    struct Extras {
        std::vector<GradientHook> hooks;
        std::vector<void*> stack;
    };
    Extras& extras();

    const char* name_;
    std::uint64_t sequence_;
    std::unique_ptr<Extras> extras_;
    Node* next_dying_ = nullptr;
};

/// Where the gradient of a leaf arrives: backward() adds to it. Several threads may, with a
/// backward pass each.
class LeafNode final : public Node {
public:
    explicit LeafNode(const TensorImpl& leaf);
    std::span<const Ref<Node>> edges() const override { return {}; }
    void backward(const Tensor& incoming, std::span<Tensor>) override;
    Tensor gradient() const;
    void set_gradient(Tensor gradient);

private:
    mutable std::mutex mutex_;
    Tensor gradient_;
};

/// The node of a tensor, or null. Every AutogradMeta is a Node.
inline Node* node_of(const Tensor& x) { return static_cast<Node*>(x.impl()->meta.get()); }
/// An edge to the node of x: null unless x needs a gradient.
inline Ref<Node> edge_to(const Tensor& x) { return Ref<Node>(node_of(x)); }
/// Makes `node` the origin of `output` and records what its gradient must look like.
void attach(const Tensor& output, Ref<Node> node);

/// A tensor saved for backward. An output is saved without its node, which owns this object (they
/// would own each other), and rejoined to it when it is used. Inside a checkpoint
/// (autograd/checkpoint.h) the tensor is not saved at all, but computed again when it is needed.
class SavedTensor {
public:
    SavedTensor() = default;
    static SavedTensor input(const Tensor& x);
    static SavedTensor output(const Tensor& y);
    /// The tensor. Throws, naming the op of `owner`, if it was overwritten or already released.
    Tensor unpack(Node& owner) const;
    void reset();

private:
    friend class Recomputed;
    friend class CheckpointFrame;
    /// Saves x itself, inside a checkpoint or not.
    static SavedTensor keep(Tensor x, bool is_output);
    Tensor value(const char* op) const;

    Tensor tensor_;
    Ref<RefCounted> recomputed_;  // a Recomputed, in place of the tensor
    std::uint32_t version_ = 0;
    bool is_output_ = false;
};

}  // namespace eps
