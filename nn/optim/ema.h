#pragma once
// An exponential moving average of a module's parameters, and of its buffers where asked: what
// diffusion models and GANs draw their samples with.
#include "nn/module.h"

namespace eps::nn {

/// shadow <- d shadow + (1 - d) parameter at each update, d = decay, or min(decay, (1 + n) / (10 +
/// n)) with warm-up, n the updates so far. Starts as a copy of the parameters. One kernel an
/// update. Throws unless 0 <= decay < 1. Buffers are no part of it (a module evaluated with
/// averaged parameters keeps its own) unless `buffers`: then those of floating point are averaged
/// alike, as the running statistics of batch norm must be, which are those of the activations that
/// averaged weights make only to the extent that they come from the same steps.
///
///     EMA average(net, 0.9999);
///     ... optimizer.step(); average.update(); ...
///     { const Evaluation evaluation(net, average); sample(net); }  // and the trained ones again
class EMA {
public:
    EMA(const Module& module, double decay, bool warmup = false, bool buffers = false);
    /// Averages in what the module's parameters (and buffers) are now.
    void update();
    std::int64_t update_count() const { return updates_; }
    /// The d of the next update.
    double next_decay() const;

    /// Averages by name of the parameter or buffer; the tensors themselves.
    const NamedTensors& shadow() const { return shadow_; }
    /// Copies the averages into a module with parameters of the same names, shapes and dtypes;
    /// throws, naming them, if they differ.
    void apply_to(Module& module) const;
    /// Exchanges the averages and what they are averages of: twice is the identity, bit for bit.
    /// Until then update() throws.
    void swap(Module& module);
    /// Whether swap() has put the averages into this module.
    bool is_in(const Module& module) const { return swapped_into_ == &module; }

    /// The averages as "shadow.<name>", and "updates" (i64).
    NamedTensors state_dict() const;
    /// Throws, naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

private:
    NamedTensors averaged(const Module& module) const;

    double decay_;
    bool warmup_, buffers_;
    std::int64_t updates_ = 0;
    const Module* swapped_into_ = nullptr;
    std::vector<Tensor> parameters_;  // and buffers
    NamedTensors shadow_;
};

/// The averages in a module's parameters, until the end of the scope.
class EmaScope {
public:
    EmaScope(EMA& average, Module& module) : average_(average), module_(module) {
        average_.swap(module_);
    }
    ~EmaScope() { average_.swap(module_); }
    EmaScope(const EmaScope&) = delete;
    EmaScope& operator=(const EmaScope&) = delete;

private:
    EMA& average_;
    Module& module_;
};

}  // namespace eps::nn
