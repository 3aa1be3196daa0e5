#include "tests/conformance/onnx/op.h"

#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/error.h"

namespace eps::conformance {

const Value& Scope::at(const std::string& name) const {
    for (const Scope* scope = this; scope; scope = scope->outer_)
        if (const auto found = scope->values_.find(name); found != scope->values_.end())
            return found->second;
    fail("onnx", "no value '", name, "' has been computed");
}

const Value& Call::value(std::size_t i) const {
    check(has(i), node_.op, "input ", i, " is missing");
    return scope_.at(node_.inputs[i]);
}

const Tensor& Call::operator[](std::size_t i) const {
    const Value& input = value(i);
    check(input.tensor.defined(), node_.op, "input ", i, " is a sequence; expected a tensor");
    return input.tensor;
}

const std::vector<Tensor>& Call::sequence(std::size_t i) const {
    const Value& input = value(i);
    check(input.sequence.has_value(), node_.op, "input ", i, " is a tensor; expected a sequence");
    return *input.sequence;
}

std::vector<Tensor> Call::tensors(std::size_t from) const {
    std::vector<Tensor> all;
    for (std::size_t i = from; i < input_count(); ++i) all.push_back((*this)[i]);
    return all;
}

std::vector<std::int64_t> Call::numbers(std::size_t i) const {
    const Tensor x = contiguous(to((*this)[i], i64));
    return {x.data<std::int64_t>(), x.data<std::int64_t>() + x.numel()};
}

const Attribute* Call::find(std::string_view name) const {
    read_.emplace(name);
    const auto found = node_.attributes.find(name);
    return found == node_.attributes.end() ? nullptr : &found->second;
}

double Call::real(std::string_view name, double otherwise) const {
    const Attribute* const attribute = find(name);
    return attribute ? static_cast<double>(attribute->real) : otherwise;
}

std::int64_t Call::integer(std::string_view name, std::int64_t otherwise) const {
    const Attribute* const attribute = find(name);
    return attribute ? attribute->integer : otherwise;
}

std::string Call::text(std::string_view name, const char* otherwise) const {
    const Attribute* const attribute = find(name);
    return attribute ? attribute->text : otherwise;
}

std::vector<std::int64_t> Call::integers(std::string_view name,
                                         std::vector<std::int64_t> otherwise) const {
    const Attribute* const attribute = find(name);
    return attribute ? attribute->integers : otherwise;
}

std::vector<std::string> Call::texts(std::string_view name) const {
    const Attribute* const attribute = find(name);
    return attribute ? attribute->texts : std::vector<std::string>();
}

Tensor Call::tensor(std::string_view name) const {
    const Attribute* const attribute = find(name);
    return attribute ? attribute->tensor : Tensor();
}

const Graph& Call::graph(std::string_view name) const {
    const Attribute* const attribute = find(name);
    check(attribute && attribute->graph, node_.op, "has no graph '", name, "'");
    return *attribute->graph;
}

void Call::check_all_read() const {
    for (const auto& [name, attribute] : node_.attributes)
        check(read_.contains(name), node_.op, "attribute '", name, "' was never read");
}

void Call::unsupported(std::string_view what) const { fail(node_.op, what, " is not supported"); }

const OpTable& op_table() {
    static const OpTable table = [] {
        OpTable all;
        for (const auto add :
             {add_activation_ops, add_arithmetic_ops, add_attention_ops, add_control_ops,
              add_conv_ops,       add_index_ops,      add_layout_ops,    add_linear_ops,
              add_loss_ops,       add_norm_ops,       add_pool_ops,      add_quantised_ops,
              add_recurrent_ops,  add_reduce_ops,     add_resample_ops,  add_search_ops,
              add_sequence_ops,   add_shape_ops,      add_signal_ops,    add_training_ops})
            add(all);
        return all;
    }();
    return table;
}

}  // namespace eps::conformance
