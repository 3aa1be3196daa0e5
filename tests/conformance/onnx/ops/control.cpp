// Control flow: ops that run graphs.
#include "autograd/engine.h"
#include "tests/conformance/onnx/interpreter.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

std::vector<Value> run_body(const Call& c, const char* name, const std::vector<Value>& inputs) {
    return run_graph(c.graph(name), inputs, &c.scope(), c.opset());
}

Results choose(const Call& c) {
    c.ignore("then_branch");  // the branch that is not taken
    c.ignore("else_branch");
    Results results;
    for (const Value& value : run_body(c, c[0].item() != 0 ? "then_branch" : "else_branch", {}))
        results.push_back(value);
    return results;
}

void append(Results& results, const std::vector<std::vector<Tensor>>& scanned) {
    for (const std::vector<Tensor>& parts : scanned) results.push_back(stack(parts));
}

// The body maps (iteration, condition, carried..) to (condition, carried.., scanned..).
Results loop(const Call& c) {
    const std::int64_t count = c.has(0) ? c.numbers(0).at(0) : INT64_MAX;
    bool goes_on = !c.has(1) || c[1].item() != 0;
    Results carried;
    for (std::size_t i = 2; i < c.input_count(); ++i) carried.push_back(c.value(i));
    std::vector<std::vector<Tensor>> scanned(c.graph("body").outputs.size() - 1 - carried.size());
    for (std::int64_t t = 0; t < count && goes_on; ++t) {
        std::vector<Value> inputs{Tensor(static_cast<double>(t), {.dtype = i64}),
                                  Tensor(1, {.dtype = boolean})};
        inputs.insert(inputs.end(), carried.begin(), carried.end());
        const std::vector<Value> outputs = run_body(c, "body", inputs);
        goes_on = outputs.at(0).tensor.item() != 0;
        for (std::size_t i = 0; i < carried.size(); ++i) carried[i] = outputs.at(i + 1);
        for (std::size_t i = 0; i < scanned.size(); ++i)
            scanned[i].push_back(outputs.at(i + 1 + carried.size()).tensor);
    }
    append(carried, scanned);
    return carried;
}

// The body maps (carried.., a slice of each scanned input) to (carried.., scanned..).
Results scan_inputs(const Call& c, const std::vector<Tensor>& inputs) {
    const auto scanned_count = static_cast<std::size_t>(c.integer("num_scan_inputs", 0));
    const auto carried_count = inputs.size() - scanned_count;
    Results carried(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(carried_count));
    std::vector<std::vector<Tensor>> scanned(c.graph("body").outputs.size() - carried_count);
    for (std::int64_t t = 0; t < inputs.at(carried_count).size(0); ++t) {
        std::vector<Value> arguments(carried.begin(), carried.end());
        for (std::size_t i = carried_count; i < inputs.size(); ++i)
            arguments.push_back(select(inputs[i], 0, t));
        const std::vector<Value> outputs = run_body(c, "body", arguments);
        for (std::size_t i = 0; i < carried_count; ++i) carried[i] = outputs.at(i);
        for (std::size_t i = 0; i < scanned.size(); ++i)
            scanned[i].push_back(outputs.at(carried_count + i).tensor);
    }
    append(carried, scanned);
    return carried;
}

// In op set 8 the lengths came first, and a batch dimension, whose elements are scanned one by one.
Results scan(const Call& c) {
    if (c.opset() >= 9) return scan_inputs(c, c.tensors());
    if (c.has(0)) c.unsupported("a sequence length");
    const std::vector<Tensor> inputs = c.tensors(1);
    std::vector<std::vector<Tensor>> batched(c.output_count());
    for (std::int64_t b = 0; b < inputs.at(0).size(0); ++b) {
        std::vector<Tensor> element;
        for (const Tensor& input : inputs) element.push_back(select(input, 0, b));
        const Results outputs = scan_inputs(c, element);
        for (std::size_t i = 0; i < batched.size(); ++i) batched[i].push_back(outputs.at(i).tensor);
    }
    Results results;
    append(results, batched);
    return results;
}

// Runs the body for each element of the sequences; inputs that are tensors are the same for all.
Results sequence_map(const Call& c) {
    const std::size_t count = c.sequence(0).size();
    std::vector<std::vector<Tensor>> outputs(c.output_count());
    for (std::size_t i = 0; i < count; ++i) {
        std::vector<Value> inputs;
        for (std::size_t k = 0; k < c.input_count(); ++k) {
            const Value& input = c.value(k);
            inputs.push_back(input.sequence ? Value(input.sequence->at(i)) : input);
        }
        const std::vector<Value> mapped = run_body(c, "body", inputs);
        for (std::size_t k = 0; k < outputs.size(); ++k) outputs[k].push_back(mapped.at(k).tensor);
    }
    Results results;
    for (std::vector<Tensor>& output : outputs) results.push_back(Value(std::move(output)));
    return results;
}

// d y / d xs by our own engine, through the graph that was recorded while the model ran.
Results gradient(const Call& c) {
    c.ignore("xs");  // names of the inputs
    Results results;
    for (const Tensor& g :
         grad(sum(c.scope().at(c.text("y", "")).tensor), c.tensors(), {.retain_graph = true}))
        results.push_back(g);
    return results;
}

}  // namespace

void add_control_ops(OpTable& table) {
    table.insert({{"If", choose},
                  {"Loop", loop},
                  {"Scan", scan},
                  {"SequenceMap", sequence_map},
                  {"Gradient", gradient}});
}

}  // namespace eps::conformance
