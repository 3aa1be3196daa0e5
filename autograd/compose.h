#pragma once
// Fused ops as what they are made of: every fused op says in plain differentiable functions what it
// computes (compose(), see op.h).
#include <functional>
#include <span>

#include "autograd/node.h"

namespace eps {

/// Gradients to fill in, one for each input; leave those undefined that are not needed.
using Gradients = std::span<Tensor>;

/// While one lives, fused ops of this thread run as their compose(): what the tests compare them
/// with, and how to find out whether a fused kernel is to blame.
class ComposeMode {
public:
    ComposeMode();
    ~ComposeMode();
    ComposeMode(const ComposeMode&) = delete;
    ComposeMode& operator=(const ComposeMode&) = delete;
    static bool enabled();

private:
    bool before_;
};

using Composition = std::function<Tensor(std::span<const Tensor> inputs)>;

/// gradients[i] = g d compose(inputs) / d inputs[i] for every i with an edge, each input taken as a
/// variable of its own even where one depends on another. While gradients are recorded, the results
/// can be differentiated again, in the inputs and in g.
void differentiate_composition(const Composition& compose, std::span<const Tensor> inputs,
                               std::span<const Ref<Node>> edges, const Tensor& g,
                               Gradients gradients);

}  // namespace eps
