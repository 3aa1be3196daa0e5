#pragma once
// Module: named parameters, buffers and submodules. Names are PyTorch's, so that a state dict moves
// between the two libraries.
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/named_tensors.h"
#include "tensor/tensor.h"

namespace eps::nn {

class Parametrization;

/// Base of every layer and network. A module registers what it owns in its constructor:
///
///     struct Net : nn::Module {
///         nn::Linear hidden{2, 64}, out{64, 1};
///         Net() {
///             add("hidden", hidden);
///             add("out", out);
///         }
///         Tensor forward(const Tensor& x) override {  // [B, 2] -> [B, 1]
///             return out(relu(hidden(x)));
///         }
///     };
///
/// Modules neither copy nor move, because their parents hold pointers to them.
class Module {
public:
    Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module();

    /// Computes the module's output from one tensor. Modules of other signatures declare a function
    /// of their own instead.
    /// Throws: unless overridden.
    virtual Tensor forward(const Tensor& x);
    Tensor operator()(const Tensor& x) { return forward(x); }

    /// The trainable tensors of this module and all below it, in registration order. A tensor that
    /// is registered twice (tied weights) is listed once, under its first name, so that an
    /// optimiser updates it once.
    std::vector<Tensor> parameters() const;
    NamedTensors named_parameters() const;
    /// The tensors that are saved but not trained.
    NamedTensors named_buffers() const;
    std::int64_t parameter_count() const;

    /// The submodules that were registered here, by name.
    std::vector<std::pair<std::string, Module*>> named_children() const { return children_; }
    /// This module and all below it, each once, parents first.
    std::vector<Module*> modules();

    /// Parameters and buffers by name, under every name they have. The list holds the tensors
    /// themselves, not copies.
    NamedTensors state_dict() const;
    /// Copies values in by name.
    /// Throws: on missing or unknown names and on shapes or dtypes that differ, listing them all;
    /// then nothing was changed.
    void load_state_dict(const NamedTensors& state);

    /// Switches this module and all below it to training or evaluation: dropout and batch norm
    /// behave differently in the two.
    void train(bool on = true);
    void eval() { train(false); }
    bool is_training() const { return training_; }
    /// Drops the gradient of every parameter.
    void zero_grad();
    /// Freezes or thaws every parameter: no gradient is computed for a frozen one.
    void requires_grad_(bool required);

    /// Moves every parameter and buffer to a device, or converts those of floating point to f32 or
    /// f64. The tensors stay the same handles with other contents, so optimisers and averages that
    /// exist already still refer to them. The states of those follow to a device with their next
    /// step, but not to another dtype: make optimisers and averages after that. Gradients are
    /// dropped, and a captured Step must forget().
    void to(Device device);
    void to(DType dtype);

    /// Makes the rule that computes a weight, from the tensor that was the weight so far and the
    /// dimension of it that counts outputs.
    using MakeParametrization =
        std::function<std::unique_ptr<Parametrization>(Tensor& original, std::int64_t output_dim)>;
    /// From now on every forward computes the weight `name` by the rule that `make` returns
    /// (nn/parametrization.h has rules). The parameters of the rule replace the weight among the
    /// module's parameters, as "parametrizations.<name>...".
    /// Throws: if this layer has no weight of that name, or if a rule computes it already.
    void parametrize(const std::string& name, const MakeParametrization& make);

    /// What a printed module shows in parentheses, "784 -> 400, bias" for a Linear. By default the
    /// shapes of the parameters that were registered here.
    virtual std::string extra_repr() const;

protected:
    /// Makes `value` a leaf that requires a gradient, registers it under `name`, and returns it.
    /// Throws: on an empty, dotted or repeated name and on a tensor that was computed from others.
    Tensor& add_parameter(std::string name, Tensor& value);
    Tensor& add_buffer(std::string name, Tensor& value);
    /// Registers a parameter that parametrize() may replace: forward must read it as
    /// computed(value). Its dimension output_dim counts outputs.
    Tensor& add_weight(std::string name, Tensor& value, std::int64_t output_dim);
    /// The weight as its rule computes it, or itself where it has no rule. Call it once in a
    /// forward, because a rule may change its buffers.
    Tensor computed(const Tensor& weight);
    /// Registers a submodule, normally a member of this one; it must live as long.
    void add(std::string name, Module& child);

private:
    friend class FunctionalScope;  // exchanges tensors
    friend class Evaluation;       // restores the mode of each module

    /// Calls visit(name, tensor, is_parameter) for the parameters, then the buffers, then the
    /// submodules.
    template <class Visit> void walk(const std::string& prefix, const Visit& visit) const;
    /// Where the parameters and buffers of this module and all below it are stored, by every name
    /// they have.
    std::vector<std::pair<std::string, Tensor*>> members() const;
    void check_name(const char* op, const std::string& name) const;
    bool contains(const Module& other) const;

    struct Weight {
        std::string name;
        Tensor* value;
        std::int64_t output_dim;
        std::unique_ptr<Parametrization> rule;  // null: the value itself is trained
    };
    std::vector<std::pair<std::string, Tensor*>> parameters_, buffers_;
    std::vector<std::pair<std::string, Module*>> children_;
    std::vector<Weight> weights_;
    bool training_ = true;
};

/// Prints the module with all below it, and how many parameters each has:
///
///     Sequential(
///       (0): Linear(784 -> 400, bias)  314,000 parameters
///       (1): ReLU()
///       (2): Linear(400 -> 10, bias)     4,010 parameters
///     )                                318,010 parameters
std::ostream& operator<<(std::ostream& out, const Module& module);
std::string to_string(const Module& module);

}  // namespace eps::nn
