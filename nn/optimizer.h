#pragma once
// Optimisers: each step is one multi-tensor kernel over all parameters that have a gradient.
#include <vector>

#include "nn/module.h"
#include "tensor/kernels.h"

namespace eps::nn {

/// Base: holds the parameters (leaves that require gradients), their state tensors, and the step count.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    /// Updates every parameter from its gradient; those without one are left alone.
    void step();
    void zero_grad();
    double learning_rate() const { return lr_; }
    void set_learning_rate(double lr);
    std::int64_t step_count() const { return step_; }

    /// State tensors by name ("0.state1", ...) with "step" (i64): what a checkpoint needs to go on bitwise.
    NamedTensors state_dict() const;
    void load_state_dict(const NamedTensors& state);

protected:
    Optimizer(const char* name, std::vector<Tensor> parameters, double lr, kernels::Update update, int state_count);
    /// The coefficients of step number `step` (from 1).
    virtual kernels::UpdateCoefficients coefficients(std::int64_t step) const = 0;

private:
    const char* name_;
    double lr_;
    kernels::Update update_;
    int state_count_;
    std::int64_t step_ = 0;
    std::vector<kernels::UpdateTensors> slots_;  // one a parameter; gradient is filled in at each step
};

struct SGDOptions { double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0; bool nesterov = false; };
/// v <- momentum v + (1 - dampening) g;  p <- p - lr v, or lr (g + momentum v) with Nesterov. PyTorch's conventions.
class SGD final : public Optimizer {
public:
    SGD(std::vector<Tensor> parameters, SGDOptions options);
protected:
    kernels::UpdateCoefficients coefficients(std::int64_t step) const override;
private:
    SGDOptions options_;
};

struct AdamOptions { double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0; };
/// Kingma & Ba 2015, Algorithm 1, with bias correction. weight_decay is added to the gradient (L2).
class Adam : public Optimizer {
public:
    Adam(std::vector<Tensor> parameters, AdamOptions options);
protected:
    Adam(const char* name, std::vector<Tensor> parameters, AdamOptions options, bool decoupled);
    kernels::UpdateCoefficients coefficients(std::int64_t step) const override;
private:
    AdamOptions options_;
    bool decoupled_;
};

/// Adam with decoupled weight decay: p <- p - lr weight_decay p   (Loshchilov & Hutter 2019)
class AdamW final : public Adam {
public:
    AdamW(std::vector<Tensor> parameters, AdamOptions options);
};

struct RMSpropOptions { double lr = 1e-2, alpha = 0.99, epsilon = 1e-8, weight_decay = 0, momentum = 0; };
/// v <- alpha v + (1 - alpha) g^2;  p <- p - lr g / (sqrt(v) + epsilon)   (Tieleman & Hinton 2012)
class RMSprop final : public Optimizer {
public:
    RMSprop(std::vector<Tensor> parameters, RMSpropOptions options);
protected:
    kernels::UpdateCoefficients coefficients(std::int64_t step) const override;
private:
    RMSpropOptions options_;
};

/// Scales all gradients by min(1, max_norm / norm), norm the 2-norm of all of them together; returns that norm. Throws if it is not finite
/// and error_if_nonfinite.
double clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm, bool error_if_nonfinite = false);

}  // namespace eps::nn
