#pragma once
// Memory for time: a function whose intermediate results are not kept for backward, but computed
// again   (Chen et al. 2016).
//
//     Tensor y = checkpoint([&](const std::vector<Tensor>& in) { return block(in[0]); }, {x});
//
// The graph is recorded as always; only the tensors it would save are let go, and the first
// backward that asks for one runs f again and keeps them all. So gradients are those without a
// checkpoint, to the last bit, for parameters that f captures as well; grad(), create_graph and
// retain_graph work as always; and checkpoints nest.
#include <functional>
#include <vector>

#include "autograd/engine.h"

namespace eps {

/// f(inputs). Where gradients are recorded, f runs a second time in backward, so it must do the
/// same twice: random numbers are dealt with (the second run draws those of the first, and moves no
/// generator on), and what else changes from run to run belongs into run_once(). Inputs and
/// parameters that are overwritten in between, and a second run that differs in what it saves or
/// draws, are errors; so is a derivative taken inside f through what f computed. f is copied, and
/// lives until the graph does: what it refers to must live as long.
Tensor checkpoint(const TensorFunction& f, const std::vector<Tensor>& inputs);

/// change(), without recording. In a function that runs under a checkpoint, only its first run
/// calls `change`, and the second is given the same tensors: for what must happen once a step, such
/// as an update of running statistics or a step of a power iteration. The tensors must not be
/// overwritten later: clone what is.
std::vector<Tensor> run_once(const std::function<std::vector<Tensor>()>& change);

}  // namespace eps
