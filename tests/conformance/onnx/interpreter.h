#pragma once
// Runs a graph: its nodes in order, each by the function of its op.
#include <vector>

#include "tests/conformance/onnx/op.h"

namespace eps::conformance {

/// The outputs of a graph for its first inputs; the other inputs have initializers. `outer` holds
/// the values around a graph that is an attribute of a node. Errors name the op.
std::vector<Value> run_graph(const Graph& graph, const std::vector<Value>& inputs,
                             const Scope* outer, std::int64_t opset);
std::vector<Value> run_model(const Model& model, const std::vector<Value>& inputs);

}  // namespace eps::conformance
