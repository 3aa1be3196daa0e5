#pragma once
// What the function of an ONNX op receives (its inputs, its attributes, the version of the op set),
// and the table of these functions.
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/onnx/model.h"

namespace eps::conformance {

/// A tensor, or a sequence of tensors.
struct Value {
    Value(Tensor t) : tensor(std::move(t)) {}
    Value(std::vector<Tensor> s) : sequence(std::move(s)) {}
    Tensor tensor;
    std::optional<std::vector<Tensor>> sequence;
};

/// What an op returns: one tensor, or a value for each output.
struct Results : std::vector<Value> {
    using std::vector<Value>::vector;
    Results(const Tensor& tensor) : std::vector<Value>{Value(tensor)} {}
};

/// The values that a node can name: those of its graph, and those of the graphs around it.
class Scope {
public:
    explicit Scope(const Scope* outer = nullptr) : outer_(outer) {}
    /// Throws if there is no such value.
    const Value& at(const std::string& name) const;
    void set(const std::string& name, Value value) {
        values_.insert_or_assign(name, std::move(value));
    }

private:
    const Scope* outer_;
    std::map<std::string, Value> values_;
};

/// One run of one node. An attribute that the op's function never reads makes the node fail, so
/// that none is overlooked.
class Call {
public:
    Call(const Node& node, const Scope& scope, std::int64_t opset)
        : node_(node), scope_(scope), opset_(opset) {}

    /// The version of the op set.
    std::int64_t opset() const { return opset_; }
    const Scope& scope() const { return scope_; }
    std::size_t input_count() const { return node_.inputs.size(); }
    std::size_t output_count() const { return node_.outputs.size(); }

    bool has(std::size_t i) const { return i < node_.inputs.size() && !node_.inputs[i].empty(); }
    const Value& value(std::size_t i) const;
    const Tensor& operator[](std::size_t i) const;
    const std::vector<Tensor>& sequence(std::size_t i) const;
    /// Input i, or an undefined tensor if it is left out.
    Tensor optional(std::size_t i) const { return has(i) ? (*this)[i] : Tensor(); }
    std::vector<Tensor> tensors(std::size_t from = 0) const;
    /// The elements of an integer input.
    std::vector<std::int64_t> numbers(std::size_t i) const;

    bool has(std::string_view attribute) const { return node_.attributes.contains(attribute); }
    double real(std::string_view name, double otherwise) const;
    std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
    bool flag(std::string_view name, bool otherwise = false) const {
        return integer(name, otherwise) != 0;
    }
    std::string text(std::string_view name, const char* otherwise) const;
    std::vector<std::int64_t> integers(std::string_view name,
                                       std::vector<std::int64_t> otherwise = {}) const;
    std::vector<std::string> texts(std::string_view name) const;
    Tensor tensor(std::string_view name) const;
    const Graph& graph(std::string_view name) const;
    /// Counts an attribute as read that has no meaning here.
    void ignore(std::string_view name) const { read_.emplace(name); }

    /// Throws if the node has an attribute that was never read.
    void check_all_read() const;
    /// Throws "... is not supported".
    [[noreturn]] void unsupported(std::string_view what) const;

private:
    const Attribute* find(std::string_view name) const;
    const Node& node_;
    const Scope& scope_;
    std::int64_t opset_;
    mutable std::set<std::string, std::less<>> read_;
};

using OpFunction = std::function<Results(const Call&)>;
using OpTable = std::map<std::string, OpFunction, std::less<>>;

// Each is in the file of its name in ops/.
void add_activation_ops(OpTable& table);
void add_arithmetic_ops(OpTable& table);
void add_attention_ops(OpTable& table);
void add_control_ops(OpTable& table);
void add_conv_ops(OpTable& table);
void add_index_ops(OpTable& table);
void add_layout_ops(OpTable& table);
void add_linear_ops(OpTable& table);
void add_loss_ops(OpTable& table);
void add_norm_ops(OpTable& table);
void add_pool_ops(OpTable& table);
void add_quantised_ops(OpTable& table);
void add_recurrent_ops(OpTable& table);
void add_reduce_ops(OpTable& table);
void add_resample_ops(OpTable& table);
void add_search_ops(OpTable& table);
void add_sequence_ops(OpTable& table);
void add_shape_ops(OpTable& table);
void add_signal_ops(OpTable& table);
void add_training_ops(OpTable& table);

/// All of them together.
const OpTable& op_table();

}  // namespace eps::conformance
