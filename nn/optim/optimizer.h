#pragma once
// Optimisers: one multi-tensor kernel updates all parameters that have a gradient. Formulas and
// conventions are PyTorch's; tests/nn compares trajectories. In the formulas p is a parameter, g
// its gradient and t the number of its updates, from 1. Constructors throw on options out of range.
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "nn/module.h"
#include "tensor/contract/kernels.h"

namespace eps::nn {

/// Base of the optimisers: holds the parameters, their states, and the count of steps.
/// Throws: naming the parameter, unless parameters are contiguous leaves that require gradients, on
/// one device, and share no memory.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;

    /// Updates every parameter from its gradient. A parameter without one keeps its value and its
    /// state. In a captured Step, counts and learning rate advance from replay to replay.
    /// skip: a number [] on the parameters' device; if it is not 0, parameters and states stay as
    /// they are. Skipped steps are counted, because the host does not wait to find out.
    /// Throws: before it has changed anything, if memory runs out or a gradient does not fit.
    void step(const Tensor& skip = {});
    /// The part of step() that can fail: it allocates, and returns what is left to do, to be called
    /// once. So that several things change together, prepare them all before the first call.
    std::function<void()> prepare_step(const Tensor& skip = {});
    /// Drops the gradient of every parameter.
    void zero_grad();
    double learning_rate() const { return lr_; }
    /// Throws: unless lr is finite and not negative.
    void set_learning_rate(double lr);
    /// How often step() was called.
    std::int64_t step_count() const { return step_; }
    /// The parameters in the order in which they were given.
    std::vector<Tensor> parameters() const;

    /// State tensors by name ("0.state1", ...), "step" (i64) and "updates" (i64 [parameters]). With
    /// these a run resumes with the same bits; options and learning rate are not included.
    NamedTensors state_dict() const;
    /// Throws: naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

protected:
    Optimizer(const char* name, std::vector<Tensor> parameters, double lr, kernels::Update update,
              int state_count);
    /// The coefficients of update t of a parameter.
    virtual kernels::UpdateCoefficients coefficients(std::int64_t t) const = 0;
    /// Sets the first state of every parameter; it starts at 0 otherwise.
    void fill_state1(double value);

private:
    /// Parameters that had the same number of updates share a launch: normally that is all of them.
    struct Launch {
        std::vector<std::size_t> parameters;
        std::vector<kernels::UpdateTensors> tensors;
        Tensor coefficients;
    };
    std::map<std::int64_t, Launch> launches();
    kernels::UpdateTensors with_gradient(std::size_t i);
    /// Moves the states to the device of their parameter.
    static void follow(kernels::UpdateTensors& slot);

    const char* name_;
    double lr_ = 0;
    kernels::Update update_;
    int state_count_;
    std::int64_t step_ = 0;
    std::vector<kernels::UpdateTensors> slots_;  // one a parameter; step() fills in the gradient
    std::vector<std::int64_t> updates_;          // one count for each parameter
};

struct SGDOptions {
    double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false;
};
/// Stochastic gradient descent. Nesterov's method needs a momentum and no dampening.
///     g <- g + weight_decay p
///     v <- momentum v + (1 - dampening) g, and g at the first update
///     p <- p - lr v, or p - lr (g + momentum v) with Nesterov; p - lr g without momentum
/// Source: Sutskever et al. 2013.
class SGD final : public Optimizer {
public:
    SGD(std::vector<Tensor> parameters, SGDOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    SGDOptions options_;
};

struct AdamOptions {
    double lr = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
};
/// Adam. weight_decay p is added to g (L2).
///     m <- beta1 m + (1 - beta1) g,    m^ = m / (1 - beta1^t)
///     v <- beta2 v + (1 - beta2) g^2,  v^ = v / (1 - beta2^t)
///     p <- p - lr m^ / (sqrt(v^) + epsilon)
/// Source: Kingma & Ba 2015, Algorithm 1.
class Adam : public Optimizer {
public:
    Adam(std::vector<Tensor> parameters, AdamOptions options);

protected:
    Adam(const char* name, std::vector<Tensor> parameters, AdamOptions options, bool decoupled);
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    AdamOptions options_;
    bool decoupled_;
};

/// Adam with decoupled weight decay: p <- p - lr weight_decay p instead.
/// Source: Loshchilov & Hutter 2019.
class AdamW final : public Adam {
public:
    AdamW(std::vector<Tensor> parameters, AdamOptions options);
};

/// Rectified Adam: its first steps, while v comes from too few gradients to divide by, are those of
/// a plain average.
///     r = 2 / (1 - beta2) - 1,  r_t = r - 2 t beta2^t / (1 - beta2^t)
///     p <- p - lr m^ where r_t <= 5, and after that
///     p <- p - lr c sqrt(1 - beta2^t) m^ / (sqrt(v) + epsilon),
///     c^2 = (r_t - 4)(r_t - 2) r / ((r - 4)(r - 2) r_t)
/// Source: Liu et al. 2020, Algorithm 2, in PyTorch's form.
class RAdam final : public Adam {
public:
    RAdam(std::vector<Tensor> parameters, AdamOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;
};

struct RMSpropOptions {
    double lr = 1e-2, alpha = 0.99, epsilon = 1e-8, weight_decay = 0, momentum = 0;
};
/// RMSprop.
///     v <- alpha v + (1 - alpha) g^2
///     b <- momentum b + g / (sqrt(v) + epsilon)
///     p <- p - lr b
/// Source: Tieleman & Hinton 2012.
class RMSprop final : public Optimizer {
public:
    RMSprop(std::vector<Tensor> parameters, RMSpropOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    RMSpropOptions options_;
};

struct AdagradOptions {
    double lr = 1e-2, lr_decay = 0, weight_decay = 0, initial_accumulator = 0, epsilon = 1e-10;
};
/// Adagrad. s starts at initial_accumulator.
///     g <- g + weight_decay p
///     s <- s + g^2
///     p <- p - lr / (1 + (t - 1) lr_decay) g / (sqrt(s) + epsilon)
/// Source: Duchi et al. 2011, Algorithm 1 with diagonal matrices.
class Adagrad final : public Optimizer {
public:
    Adagrad(std::vector<Tensor> parameters, AdagradOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    AdagradOptions options_;
};

struct AdamaxOptions {
    double lr = 2e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
};
/// Adamax.
///     g <- g + weight_decay p
///     m <- beta1 m + (1 - beta1) g,  m^ = m / (1 - beta1^t)
///     u <- max(beta2 u, |g| + epsilon)
///     p <- p - lr m^ / u
/// Source: Kingma & Ba 2015, Algorithm 2.
class Adamax final : public Optimizer {
public:
    Adamax(std::vector<Tensor> parameters, AdamaxOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    AdamaxOptions options_;
};

struct LionOptions {
    double lr = 1e-4, beta1 = 0.9, beta2 = 0.99, weight_decay = 0;
};
/// Lion. The step has the same size in every coordinate, so rates are 3 to 10 times smaller than
/// Adam's.
///     p <- p - lr (sign(beta1 m + (1 - beta1) g) + weight_decay p)
///     m <- beta2 m + (1 - beta2) g
/// Source: Chen et al. 2023, Algorithm 2.
class Lion final : public Optimizer {
public:
    Lion(std::vector<Tensor> parameters, LionOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    LionOptions options_;
};

/// The 2-norm of all gradients together, summed in f64 -> f64 [], on their device. Parameters
/// without a gradient count as 0.
Tensor grad_norm(const std::vector<Tensor>& parameters);

/// Scales all gradients by min(1, max_norm / norm), where norm is their grad_norm, which it
/// returns. A norm that is not finite makes the gradients NaN or 0, as the formula says. Throws: on
/// a norm that is not finite if error_if_nonfinite, for which the host waits. Source: Pascanu et
/// al. 2013.
Tensor clip_grad_norm_(const std::vector<Tensor>& parameters, double max_norm,
                       bool error_if_nonfinite = false);

}  // namespace eps::nn
