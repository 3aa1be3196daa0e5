#pragma once
// Module: named parameters, buffers and submodules. PyTorch's names, so that a state dict moves
// between the two.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "nn/named_tensors.h"
#include "tensor/tensor.h"

namespace eps::nn {

class Parametrization;

/// Base of every layer. A module registers what it owns in its constructor:
///
///     struct Net : nn::Module {
///         nn::Linear hidden{2, 64}, out{64, 1};
///         Net() { add("hidden", hidden); add("out", out); }
///         Tensor forward(const Tensor& x) override { return out(relu(hidden(x))); }   // [B, 2] ->
///         [B, 1]
///     };
///
/// Modules neither copy nor move: what was registered stays where it is.
class Module {
public:
    Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module();

    /// The layer of one tensor; modules of other signatures leave it and have their own functions.
    /// Throws unless overridden.
    virtual Tensor forward(const Tensor& x);
    Tensor operator()(const Tensor& x) { return forward(x); }

    /// Trainable tensors of this module and all below it, in registration order. One that is
    /// registered twice (tied weights) comes once, under its first name, so that an optimiser
    /// updates it once.
    std::vector<Tensor> parameters() const;
    NamedTensors named_parameters() const;
    /// State that is saved but not trained.
    NamedTensors named_buffers() const;
    std::int64_t parameter_count() const;

    /// This module and all below it, each once, parents first.
    std::vector<Module*> modules();

    /// Parameters and buffers by name, every name they have; the tensors themselves, not copies.
    NamedTensors state_dict() const;
    /// Copies values in by name. Throws, naming them, on missing or unknown names and on shapes or
    /// dtypes that differ; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

    /// Dropout and batch norm behave differently in training and evaluation.
    void train(bool on = true);
    void eval() { train(false); }
    bool is_training() const { return training_; }
    /// Drops every parameter's gradient.
    void zero_grad();
    /// Freezes or thaws every parameter: a frozen one gets no gradient and costs none.
    void requires_grad_(bool required);

    /// Moves every parameter and buffer to a device, or converts the floating ones to f32 or f64.
    /// The tensors stay the same handles with other contents, so optimisers and averages made
    /// before still see them; their states follow to a device with their next step, but not to
    /// another dtype: make them afterwards. Gradients are dropped, and a captured Step must
    /// forget().
    void to(Device device);
    void to(DType dtype);

    /// What makes the rule that computes a weight: from the tensor that was the weight until now,
    /// and the dimension of it that counts outputs.
    using MakeParametrization =
        std::function<std::unique_ptr<Parametrization>(Tensor& original, std::int64_t output_dim)>;
    /// From now on the weight `name` is computed at every forward by the rule that `make` gives
    /// (nn/parametrization.h has rules), and its place among the parameters is taken by what the
    /// rule is computed from, as "parametrizations.<name>...". Throws if this layer has no weight
    /// of that name, or if it is computed already.
    void parametrize(const std::string& name, const MakeParametrization& make);

protected:
    /// Makes `value` a leaf that requires a gradient, registers it under `name`, and returns it.
    /// Throws on an empty, dotted or repeated name and on a tensor that was computed from others.
    Tensor& add_parameter(std::string name, Tensor& value);
    Tensor& add_buffer(std::string name, Tensor& value);
    /// add_parameter of a tensor that parametrize() may replace: the layer's forward reads it as
    /// computed(value), and its dimension output_dim counts outputs.
    Tensor& add_weight(std::string name, Tensor& value, std::int64_t output_dim);
    /// What the rule of a weight computes, or the weight itself where it has none. Once a forward:
    /// a rule may change its buffers.
    Tensor computed(const Tensor& weight);
    /// Registers a module, normally a member of this one, which must live as long.
    void add(std::string name, Module& child);

private:
    /// visit(name, tensor, is_parameter): a module's parameters, then its buffers, then its
    /// submodules.
    template <class Visit> void walk(const std::string& prefix, const Visit& visit) const;
    friend class FunctionalScope;  // exchanges what is in the places
    friend class Evaluation;       // restores the mode of each module
    /// Where the parameters and buffers of this module and all below it are kept, by every name
    /// they have.
    std::vector<std::pair<std::string, Tensor*>> places() const;
    void check_name(const char* op, const std::string& name) const;
    bool reaches(const Module& other) const;

    std::vector<std::pair<std::string, Tensor*>> parameters_, buffers_;
    std::vector<std::pair<std::string, Module*>> children_;
    struct Weight {
        std::string name;
        Tensor* value;
        std::int64_t output_dim;
        std::unique_ptr<Parametrization> rule;  // null: the value is what is trained
    };
    std::vector<Weight> weights_;
    bool training_ = true;
};

}  // namespace eps::nn
