#include "tests/conformance/onnx/interpreter.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"
#include "tensor/error.h"

namespace eps::conformance {
namespace {

void run_node(const Node& node, Scope& scope, std::int64_t opset) {
    const auto found = op_table().find(node.op);
    check(found != op_table().end(), node.op, "the table has no such op");
    const Call call(node, scope, opset);
    const Results results = found->second(call);
    call.check_all_read();
    check(results.size() >= node.outputs.size(), node.op, "gives ", results.size(),
          " outputs; expected ", node.outputs.size());
    for (std::size_t i = 0; i < node.outputs.size(); ++i)
        if (!node.outputs[i].empty()) scope.set(node.outputs[i], results[i]);
}

bool uses(const Graph& graph, std::string_view op) {
    return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                       [op](const Node& node) { return node.op == op; });
}

/// f16 is a storage type: ops that compute get such inputs as f32.
std::vector<Value> widened(std::vector<Value> inputs) {
    for (Value& input : inputs)
        if (input.tensor.defined() && input.tensor.dtype() == f16)
            input.tensor = to(input.tensor, f32);
    return inputs;
}

}  // namespace

std::vector<Value> run_graph(const Graph& graph, const std::vector<Value>& inputs,
                             const Scope* outer, std::int64_t opset) {
    Scope scope(outer);
    for (const auto& [name, tensor] : graph.initializers) scope.set(name, tensor);
    check(inputs.size() <= graph.inputs.size(), "onnx", "a graph gets ", inputs.size(),
          " inputs; it has ", graph.inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) scope.set(graph.inputs[i].name, inputs[i]);
    for (const Node& node : graph.nodes) run_node(node, scope, opset);
    std::vector<Value> outputs;
    for (const ValueInfo& output : graph.outputs) outputs.push_back(scope.at(output.name));
    return outputs;
}

std::vector<Value> run_model(const Model& model, const std::vector<Value>& inputs) {
    const bool differentiates = uses(model.graph, "Gradient");
    if (differentiates)
        for (const Value& input : inputs)
            if (input.tensor.defined() && is_floating(input.tensor.dtype()))
                Tensor(input.tensor).requires_grad_();
    const auto onnx = model.opset.find("");
    const std::int64_t opset = onnx != model.opset.end() ? onnx->second : 1;
    if (differentiates) return run_graph(model.graph, inputs, nullptr, opset);
    NoGrad guard;
    const bool casts = uses(model.graph, "Cast") || uses(model.graph, "CastLike");
    return run_graph(model.graph, casts ? inputs : widened(inputs), nullptr, opset);
}

}  // namespace eps::conformance
