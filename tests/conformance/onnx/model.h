#pragma once
// An ONNX model as a graph of nodes: the messages of onnx.proto (ModelProto, GraphProto, NodeProto,
// AttributeProto, TensorProto, SequenceProto), reduced to what running a model needs.
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace eps::conformance {

struct Graph;

/// An attribute has one of these values; which one is in the schema of the op.
struct Attribute {
    float real = 0;
    std::int64_t integer = 0;
    std::string text;
    Tensor tensor;
    std::shared_ptr<const Graph> graph;
    std::vector<std::int64_t> integers;
    std::vector<std::string> texts;
};

struct Node {
    std::string op, domain;
    std::vector<std::string> inputs, outputs;  // names of values; "" if left out
    std::map<std::string, Attribute, std::less<>> attributes;
};

/// An input or output of a graph, as declared.
struct ValueInfo {
    std::string name;
    bool is_sequence = false;
    std::int64_t element_type = 0;  // TensorProto.DataType
};

struct Graph {
    std::vector<Node> nodes;  // in an order in which they can run
    NamedTensors initializers;
    std::vector<ValueInfo> inputs, outputs;
};

struct Model {
    Graph graph;
    std::map<std::string, std::int64_t> opset;  // by domain; "" is ONNX's own
};

/// These throw an Error that says what is wrong with the bytes. Integers of a type that is not a
/// dtype of ours become i64.
Model parse_model(std::string_view bytes);
/// If the element type is declared as bfloat16, uint16 elements are its bits: the test data are
/// written so.
Tensor parse_tensor(std::string_view bytes, std::int64_t declared_type = 0);
std::vector<Tensor> parse_sequence(std::string_view bytes);

/// Our dtype for a TensorProto.DataType.
DType dtype_of_onnx(std::int64_t type);

}  // namespace eps::conformance
