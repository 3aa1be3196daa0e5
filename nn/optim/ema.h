#pragma once
// An exponential moving average of a module's weights. Diffusion models and GANs draw their samples
// with averaged weights.
#include <functional>
#include <vector>

#include "nn/module.h"

namespace eps::nn {

/// Averages of a module's parameters; they start as copies. One kernel computes an update.
///     shadow <- d shadow + (1 - d) parameter
///     d = decay, or min(decay, (1 + n) / (10 + n)) with warm-up, after n updates
///
///     nn::EMA average(net, 0.9999);
///     ... optimizer.step(); average.update(); ...
///     const nn::Evaluation evaluation(net, average);  // averaged weights until the scope ends
///
/// With `buffers`, buffers of floating point are averaged as well; otherwise the module keeps its
/// own. Averaged weights with batch norm need them: the running statistics then come from the same
/// steps as the weights.
/// Throws: unless 0 <= decay < 1.
class EMA {
public:
    EMA(const Module& module, double decay, bool warmup = false, bool buffers = false);
    /// Averages in the present parameters (and buffers) of the module.
    /// Throws: before it has changed anything, if memory runs out or a dtype has changed.
    void update();
    /// As Optimizer::prepare_step.
    std::function<void()> prepare_update();
    std::int64_t update_count() const { return updates_; }
    /// The d of the next update.
    double next_decay() const;

    /// The averages under the names of the parameters and buffers; the tensors themselves.
    const NamedTensors& shadow() const { return shadow_; }
    /// Copies the averages into a module.
    /// Throws: naming them, if names, shapes or dtypes differ.
    void apply_to(Module& module) const;
    /// Exchanges the averages and the module's own tensors: twice is the identity, bit for bit.
    /// Until then update() throws. The second needs no memory, so that a destructor may call it.
    void swap(Module& module);
    /// Whether swap() has put the averages into this module.
    bool is_in(const Module& module) const { return swapped_into_ == &module; }

    /// The averages as "shadow.<name>", and "updates" (i64).
    NamedTensors state_dict() const;
    /// Throws: naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

private:
    NamedTensors averaged(const Module& module) const;

    struct Exchange {
        Tensor own, average, spare;
    };

    double decay_;
    bool warmup_, buffers_;
    std::int64_t updates_ = 0;
    const Module* swapped_into_ = nullptr;
    std::vector<Tensor> parameters_;  // and buffers
    NamedTensors shadow_;
    std::vector<Exchange> exchanges_;  // while the averages are in a module
};

/// Averaged weights in a module until the end of the scope, and nothing else: Evaluation is also
/// about gradients and layers.
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
