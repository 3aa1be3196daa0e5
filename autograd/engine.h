#pragma once
// Derivatives: the public face of autograd.
#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

#include "autograd/grad_mode.h"
#include "autograd/node.h"
#include "tensor/tensor.h"

namespace eps {

using TensorFunction = std::function<Tensor(const std::vector<Tensor>& inputs)>;

struct BackwardOptions {
    Tensor gradient = {};  // d(loss)/d(output); ones where the output has one element
    // record the backward pass itself, so that its results can be differentiated again
    bool create_graph = false;
    bool retain_graph = false;  // keep saved tensors for another backward; implied by create_graph
};

/// Adds d(output)/d(leaf) to leaf.grad() for every leaf behind `output`.
///
/// With create_graph, a leaf's gradient has a graph, which leads back to the leaf: the two keep
/// each other, and all that the graph has saved, in memory, even when every tensor has been
/// dropped. Drop the gradient to free them, by zero_grad() or leaf.set_grad(Tensor()), or call
/// grad(), which leaves nothing behind.
///
/// Passes may run in several threads at once, also where their graphs meet at a leaf: it adds them
/// up one after the other. They must not share other nodes: see autograd/README.md.
///
/// Throws: if output requires no gradient, or has several elements and options.gradient is not
/// given.
void backward(const Tensor& output, const BackwardOptions& options = {});

struct GradOptions {
    Tensor gradient = {};
    bool create_graph = false;
    bool retain_graph = false;
    // return an undefined tensor for an input that the output does not depend on, and do not throw
    bool allow_unused = false;
};

/// Returns d(output)/d(input) for each input, leaf or not. No .grad() changes, and only nodes on
/// the way to an input run.
///
/// Throws: if an input requires no gradient, or the output does not depend on it (see
/// allow_unused).
std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> inputs,
                         const GradOptions& options = {});
inline std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> inputs,
                                const GradOptions& options = {}) {
    return grad(output, std::span(inputs.begin(), inputs.size()), options);
}

/// Calls `hook` with the gradient of x whenever one is computed. A defined tensor that it returns
/// replaces the gradient.
void register_hook(const Tensor& x, GradientHook hook);

/// x without its history: another handle on the same storage, which is a leaf.
Tensor detach(const Tensor& x);

}  // namespace eps
