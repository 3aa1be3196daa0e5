#include "tests/conformance/onnx/model.h"

#include "tensor/error.h"
#include "tests/conformance/onnx/wire.h"

namespace eps::conformance {
namespace {

// How deep graphs may be nested within nodes of graphs: a file must not choose the stack's depth.
constexpr int kMaxDepth = 16;

std::string text(const Field& field) { return std::string(field.bytes()); }

Graph parse_graph(std::string_view bytes, int depth);

std::pair<std::string, Attribute> parse_attribute(std::string_view bytes, int depth) {
    std::string name;
    Attribute attribute;
    WireReader reader(bytes, "AttributeProto");
    for (Field field; reader.next(field);) switch (field.number()) {
            case 1: name = text(field); break;
            case 2: attribute.real = field.real(); break;
            case 3: attribute.integer = field.integer(); break;
            case 4: attribute.text = text(field); break;
            case 5: attribute.tensor = parse_tensor(field.bytes()); break;
            case 6:
                attribute.graph = std::make_shared<Graph>(parse_graph(field.bytes(), depth + 1));
                break;
            case 8: field.append_to(attribute.integers); break;
            case 9: attribute.texts.push_back(text(field)); break;
            case 13: break;  // its documentation
            case 20: break;  // its type, which the op knows
            default:
                fail("AttributeProto", "field ", field.number(), " of attribute '", name,
                     "' is not read by any op here");
        }
    return {name, attribute};
}

Node parse_node(std::string_view bytes, int depth) {
    Node node;
    WireReader reader(bytes, "NodeProto");
    for (Field field; reader.next(field);) switch (field.number()) {
            case 1: node.inputs.push_back(text(field)); break;
            case 2: node.outputs.push_back(text(field)); break;
            case 4: node.op = text(field); break;
            case 5: node.attributes.insert(parse_attribute(field.bytes(), depth)); break;
            case 7: node.domain = text(field); break;
            default: break;  // its name and documentation
        }
    return node;
}

// Reads whether a TypeProto is sequence_type (4), and the elem_type (1) of tensor_type (1).
void parse_type(std::string_view bytes, ValueInfo& info) {
    WireReader type(bytes, "TypeProto");
    for (Field kind; type.next(kind);) {
        info.is_sequence = info.is_sequence || kind.number() == 4;
        if (kind.number() != 1) continue;
        WireReader tensor(kind.bytes(), "TypeProto.Tensor");
        for (Field field; tensor.next(field);)
            if (field.number() == 1) info.element_type = field.integer();
    }
}

ValueInfo parse_value_info(std::string_view bytes) {
    ValueInfo info;
    WireReader reader(bytes, "ValueInfoProto");
    for (Field field; reader.next(field);) {
        if (field.number() == 1) info.name = text(field);
        if (field.number() == 2) parse_type(field.bytes(), info);
    }
    return info;
}

std::pair<std::string, Tensor> parse_named_tensor(std::string_view bytes) {
    std::string name;
    WireReader reader(bytes, "TensorProto");
    for (Field field; reader.next(field);)
        if (field.number() == 8) name = text(field);
    return {name, parse_tensor(bytes)};
}

Graph parse_graph(std::string_view bytes, int depth) {
    check(depth <= kMaxDepth, "GraphProto", "graphs are nested more than ", kMaxDepth, " deep");
    Graph graph;
    WireReader reader(bytes, "GraphProto");
    for (Field field; reader.next(field);) switch (field.number()) {
            case 1: graph.nodes.push_back(parse_node(field.bytes(), depth)); break;
            case 5: graph.initializers.push_back(parse_named_tensor(field.bytes())); break;
            case 11: graph.inputs.push_back(parse_value_info(field.bytes())); break;
            case 12: graph.outputs.push_back(parse_value_info(field.bytes())); break;
            case 15: fail("GraphProto", "sparse initializers are not read");
            default: break;  // names, documentation, types of inner values
        }
    return graph;
}

}  // namespace

Model parse_model(std::string_view bytes) {
    Model model;
    bool found = false;
    WireReader reader(bytes, "ModelProto");
    for (Field field; reader.next(field);) {
        if (field.number() == 7) {
            model.graph = parse_graph(field.bytes(), 0);
            found = true;
        }
        check(field.number() != 25, "ModelProto", "functions that a model defines are not read");
        if (field.number() != 8) continue;
        std::string domain;
        std::int64_t version = 0;
        WireReader set(field.bytes(), "OperatorSetIdProto");
        for (Field part; set.next(part);) {
            if (part.number() == 1) domain = text(part);
            if (part.number() == 2) version = part.integer();
        }
        model.opset[domain] = version;
    }
    check(found, "ModelProto", "has no graph");
    return model;
}

std::vector<Tensor> parse_sequence(std::string_view bytes) {
    std::vector<Tensor> sequence;
    WireReader reader(bytes, "SequenceProto");
    for (Field field; reader.next(field);) {
        if (field.number() == 3) sequence.push_back(parse_tensor(field.bytes()));
        check(field.number() <= 3, "SequenceProto",
              "only sequences of tensors are read; got field ", field.number());
    }
    return sequence;
}

}  // namespace eps::conformance
