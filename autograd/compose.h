#pragma once
// Fused ops as compositions: every fused op also says in plain differentiable functions what it
// computes (compose(), see op.h).
#include <functional>
#include <span>

#include "autograd/node.h"

namespace eps {

/// The gradients that a backward fills in, one for each input. Those that are not needed may stay
/// undefined.
using Gradients = std::span<Tensor>;

/// While one lives, fused ops of this thread run as their compose(). The tests compare both ways,
/// and it shows whether an error comes from a fused kernel.
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

/// gradients[i] = g d compose(inputs) / d inputs[i] for every i with an edge. Each input counts as
/// a variable of its own, even where one depends on another. While gradients are recorded, the
/// results can be differentiated again, by the inputs and by g.
void differentiate_composition(const Composition& compose, std::span<const Tensor> inputs,
                               std::span<const Ref<Node>> edges, const Tensor& g,
                               Gradients gradients);

}  // namespace eps
