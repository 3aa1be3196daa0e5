#pragma once
// Module: named parameters, buffers and submodules. PyTorch's names, so that a state dict moves between the two.
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace eps::nn {

/// Tensors by dotted name, in registration order: "encoder.0.weight".
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// Copies values into `targets` by name. Throws, naming them, on missing or unknown names and on shapes or dtypes that differ; then nothing
/// was changed.
void copy_named(const char* op, const NamedTensors& targets, const NamedTensors& sources);

/// Base of every layer. A module registers what it owns in its constructor:
///
///     struct Net : nn::Module {
///         nn::Linear hidden{2, 64}, out{64, 1};
///         Net() { add("hidden", hidden); add("out", out); }
///         Tensor forward(const Tensor& x) override { return out(relu(hidden(x))); }   // [B, 2] -> [B, 1]
///     };
///
/// Modules neither copy nor move: what was registered stays where it is.
class Module {
public:
    Module() = default;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module() = default;

    /// The layer of one tensor; modules of other signatures leave it and have their own functions. Throws unless overridden.
    virtual Tensor forward(const Tensor& x);
    Tensor operator()(const Tensor& x) { return forward(x); }

    /// Trainable tensors of this module and all below it.
    std::vector<Tensor> parameters() const;
    NamedTensors named_parameters() const;
    /// State that is saved but not trained.
    NamedTensors named_buffers() const;
    std::int64_t parameter_count() const;

    /// Parameters and buffers by name; the tensors themselves, not copies.
    NamedTensors state_dict() const;
    /// Copies values in by name, as copy_named does.
    void load_state_dict(const NamedTensors& state);

    /// Dropout and batch norm behave differently in training and evaluation.
    void train(bool on = true);
    void eval() { train(false); }
    bool is_training() const { return training_; }
    /// Drops every parameter's gradient.
    void zero_grad();
    /// Freezes or thaws every parameter: a frozen one gets no gradient and costs none.
    void requires_grad_(bool required);

protected:
    /// Registers a leaf that requires a gradient, and returns it.
    Tensor& add_parameter(std::string name, Tensor& value);
    Tensor& add_buffer(std::string name, Tensor& value);
    /// Registers a module, normally a member of this one.
    void add(std::string name, Module& child);

private:
    template <class Visit> void walk(const std::string& prefix, const Visit& visit) const;

    std::vector<std::pair<std::string, Tensor*>> parameters_, buffers_;
    std::vector<std::pair<std::string, Module*>> children_;
    bool training_ = true;
};

}  // namespace eps::nn
