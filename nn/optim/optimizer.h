#pragma once
// Optimisers: each step is one multi-tensor kernel over all parameters that have a gradient.
// Formulas and conventions are PyTorch's, to the golden trajectories of tests/nn. With momentum,
// betas and the like out of range, constructors throw.
#include <vector>

#include "nn/module.h"
#include "tensor/contract/kernels.h"

namespace eps::nn {

/// Base: holds the parameters, their state tensors, and the step count. Parameters must be distinct
/// contiguous leaves that require gradients, on one device; anything else is an error that names
/// the parameter.
class Optimizer {
public:
    virtual ~Optimizer() = default;
    Optimizer(const Optimizer&) = delete;
    Optimizer& operator=(const Optimizer&) = delete;

    /// Updates every parameter from its gradient. Those without one are left alone, state and all:
    /// where t appears in a formula it counts the updates of that parameter. In a captured Step the
    /// optimiser's counts and rate go on from replay to replay. skip: a number [] on the
    /// parameters' device; if it is not 0, parameters and states stay as they are. The host does
    /// not learn of that, and so such a step is counted like any other.
    void step(const Tensor& skip = {});
    void zero_grad();
    double learning_rate() const { return lr_; }
    /// For the steps to come. Throws unless lr is finite and not negative.
    void set_learning_rate(double lr);
    /// How often step() was called.
    std::int64_t step_count() const { return step_; }
    /// What it trains, in the order given.
    std::vector<Tensor> parameters() const;

    /// State tensors by name ("0.state1", ...) with "step" (i64) and "updates" (i64 [parameters]):
    /// what a checkpoint needs to go on bitwise. Options and learning rate are not in it.
    NamedTensors state_dict() const;
    /// Throws, naming what does not fit; then nothing was changed.
    void load_state_dict(const NamedTensors& state);

protected:
    Optimizer(const char* name, std::vector<Tensor> parameters, double lr, kernels::Update update,
              int state_count);
    /// The coefficients of a parameter's update number t (from 1).
    virtual kernels::UpdateCoefficients coefficients(std::int64_t t) const = 0;
    /// Where the first state of every parameter starts: 0 unless this is called.
    void fill_state1(double value);

private:
    /// States go where their parameter went.
    static void follow(kernels::UpdateTensors& slot);

    const char* name_;
    double lr_ = 0;
    kernels::Update update_;
    int state_count_;
    std::int64_t step_ = 0;
    // one a parameter; the gradient is filled in at each step
    std::vector<kernels::UpdateTensors> slots_;
    std::vector<std::int64_t> updates_;  // of each parameter
};

struct SGDOptions {
    double lr = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false;
};
/// g <- g + weight_decay p;  v <- momentum v + (1 - dampening) g, at first g;  p <- p - lr v, or lr
/// (g + momentum v) with Nesterov (Sutskever et al. 2013). Nesterov needs a momentum and no
/// dampening. Without momentum, p <- p - lr g.
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
/// m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;  p <- p - lr m^ / (sqrt(v^) +
/// epsilon), m^ = m / (1 - beta1^t), v^ = v / (1 - beta2^t)   (Kingma & Ba 2015, Algorithm 1).
/// weight_decay p is added to g (L2).
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

/// Adam with decoupled weight decay: p <- p - lr weight_decay p instead   (Loshchilov & Hutter
/// 2019)
class AdamW final : public Adam {
public:
    AdamW(std::vector<Tensor> parameters, AdamOptions options);
};

/// Adam whose first steps, while v has seen too few gradients to divide by, are those of a plain
/// average: with r = 2 / (1 - beta2) - 1 and r_t = r - 2 t beta2^t / (1 - beta2^t), p <- p - lr m^
/// where r_t <= 5, and p - lr c sqrt(1 - beta2^t) m^ / (sqrt(v) + epsilon) after that, c^2 = (r_t -
/// 4)(r_t - 2) r / ((r - 4)(r - 2) r_t)   (Liu et al. 2020, Algorithm 2, in PyTorch's form)
class RAdam final : public Adam {
public:
    RAdam(std::vector<Tensor> parameters, AdamOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;
};

struct RMSpropOptions {
    double lr = 1e-2, alpha = 0.99, epsilon = 1e-8, weight_decay = 0, momentum = 0;
};
/// v <- alpha v + (1 - alpha) g^2;  b <- momentum b + g / (sqrt(v) + epsilon);  p <- p - lr b
/// (Tieleman & Hinton 2012)
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
/// g <- g + weight_decay p;  s <- s + g^2, s from initial_accumulator;  p <- p - lr / (1 + (t - 1)
/// lr_decay) g / (sqrt(s) + epsilon) (Duchi et al. 2011, Algorithm 1 with diagonal matrices)
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
/// g <- g + weight_decay p;  m <- beta1 m + (1 - beta1) g;  u <- max(beta2 u, |g| + epsilon);  p <-
/// p - lr m^ / u, m^ = m / (1 - beta1^t) (Kingma & Ba 2015, Algorithm 2)
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
/// p <- p - lr (sign(beta1 m + (1 - beta1) g) + weight_decay p);  m <- beta2 m + (1 - beta2) g
/// (Chen et al. 2023, Algorithm 2). The step has the same size in every coordinate: rates are 3 to
/// 10 times smaller than Adam's.
class Lion final : public Optimizer {
public:
    Lion(std::vector<Tensor> parameters, LionOptions options);

protected:
    kernels::UpdateCoefficients coefficients(std::int64_t t) const override;

private:
    LionOptions options_;
};

/// The 2-norm of all gradients together, summed in f64 -> f64 [], on their device; parameters
/// without one count as 0.
Tensor grad_norm(const std::vector<Tensor>& parameters);
/// Scales all gradients by min(1, max_norm / norm), norm their grad_norm, which it returns. A norm
/// that is not finite throws if error_if_nonfinite, for which the host waits, and otherwise makes
/// the gradients NaN or 0, as the formula says.   (Pascanu et al. 2013)
Tensor clip_grad_norm(const std::vector<Tensor>& parameters, double max_norm,
                      bool error_if_nonfinite = false);

}  // namespace eps::nn
