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
/// Throws if output needs no gradient, or has several elements and no options.gradient is given.
void backward(const Tensor& output, const BackwardOptions& options = {});

struct GradOptions {
    Tensor gradient = {};
    bool create_graph = false;
    bool retain_graph = false;
    // an input the output does not depend on: an undefined tensor instead of an error
    bool allow_unused = false;
};

/// d(output)/d(input) for each input, leaf or not; no .grad() is touched, and only nodes on the way
/// to an input are run.
std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> inputs,
                         const GradOptions& options = {});
inline std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> inputs,
                                const GradOptions& options = {}) {
    return grad(output, std::span(inputs.begin(), inputs.size()), options);
}

/// Calls `hook` with the gradient of x whenever one is computed; what it returns, if defined, takes
/// the gradient's place.
void register_hook(const Tensor& x, GradientHook hook);

/// x's values without its history: shares storage.
Tensor detach(const Tensor& x);

}  // namespace eps
