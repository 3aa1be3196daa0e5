#pragma once
// Memory for time: a function whose intermediate results are not saved for backward, but computed
// again   (Chen et al. 2016).
//
//     Tensor y = checkpoint([&](const std::vector<Tensor>& in) { return block(in[0]); }, {x});
//
// The graph is recorded as always, but the tensors that it would save are dropped. The first
// backward that asks for one of them runs f again and saves them all. So gradients are those
// without a checkpoint, to the last bit, also those of parameters that f captures. grad(),
// create_graph and retain_graph work as always, and checkpoints nest.
#include <functional>
#include <vector>

#include "autograd/engine.h"

namespace eps {

/// Returns f(inputs). Where gradients are recorded, f runs a second time in backward and must do
/// the same again. Random numbers need no care: the second run draws those of the first and
/// advances no generator. Anything else that changes from run to run belongs into run_once(). f is
/// copied and lives as long as the graph, and so must all that it refers to.
///
/// Throws, in backward: if an input or a parameter was overwritten in between, if the second run
/// differs in what it saves or draws, or if f takes a derivative of something that it computed.
Tensor checkpoint(const TensorFunction& f, const std::vector<Tensor>& inputs);

/// Returns change(), without recording. In a function under a checkpoint, only the first run calls
/// `change`, and the second run gets the same tensors. Use it for updates that must happen once per
/// step, such as running statistics or a step of a power iteration. The tensors must not be
/// overwritten later; return clones of those that will be.
std::vector<Tensor> run_once(const std::function<std::vector<Tensor>()>& change);

}  // namespace eps
