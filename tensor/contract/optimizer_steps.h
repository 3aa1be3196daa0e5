#pragma once
// One parameter's step of each optimiser: p the value, g its gradient, s1 and s2 its state.
// PyTorch's conventions. A new one is a struct here and its name in the list at the end: both
// devices' kernels follow.
#include <cmath>

#include "tensor/scalar/functions.h"

namespace eps::math {

/// Coefficients of one optimiser step; each update reads those its formula names.
struct UpdateCoefficients {
    double lr = 0, weight_decay = 0, decoupled_decay = 0, epsilon = 0;
    double beta1 = 0, beta2 = 0, bias1 = 1, bias2 = 1;
    double momentum = 0, dampening = 0, nesterov = 0, first_step = 0;
    // not 0: the step is left out. Kernels read it before the others, and it may have been written
    // on their device.
    double skip = 0;
};

/// The same in the parameters' own type. 1 - beta is computed in f64 first: in f32, 1 - 0.999f is
/// off by 5e-5.
template <class T> struct Coefficients {
    T lr, weight_decay, decoupled_decay, epsilon, beta1, beta2, rest1, rest2, bias1, bias2_root,
        momentum, dampening, nesterov, first_step;

    EPS_HD explicit Coefficients(const UpdateCoefficients& c)
        : lr(T(c.lr)),
          weight_decay(T(c.weight_decay)),
          decoupled_decay(T(c.decoupled_decay)),
          epsilon(T(c.epsilon)),
          beta1(T(c.beta1)),
          beta2(T(c.beta2)),
          rest1(T(1 - c.beta1)),
          rest2(T(1 - c.beta2)),
          bias1(T(c.bias1)),
          bias2_root(T(std::sqrt(c.bias2))),
          momentum(T(c.momentum)),
          dampening(T(c.dampening)),
          nesterov(T(c.nesterov)),
          first_step(T(c.first_step)) {}
};

/// s1 <- momentum s1 + (1 - dampening) g (g itself at the first step, or without momentum); p <- p
/// - lr s1, or p - lr (g + momentum s1) with Nesterov   (Sutskever et al. 2013, in PyTorch's form)
struct SgdUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& s1, T&, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        const T v = where(c.first_step != T(0) || c.momentum == T(0), g,
                          c.momentum * s1 + (T(1) - c.dampening) * g);
        s1 = v;
        p -= c.lr * where(c.nesterov != T(0), g + c.momentum * v, v);
    }
};

/// m <- beta1 m + (1 - beta1) g; v <- beta2 v + (1 - beta2) g^2; p <- p - lr (m / bias1) / (sqrt(v
/// / bias2) + epsilon), bias_i = 1 - beta_i^t (Kingma & Ba 2015, Algorithm 1); weight_decay joins
/// g, decoupled_decay shrinks p first (Loshchilov & Hutter 2019)
struct AdamUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& m, T& v, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        p -= c.lr * c.decoupled_decay * p;
        m = c.beta1 * m + c.rest1 * g;
        v = c.beta2 * v + c.rest2 * g * g;
        p -= c.lr / c.bias1 * m / (sqrt(v) / c.bias2_root + c.epsilon);
    }
};

/// v <- beta1 v + (1 - beta1) g^2; step g / (sqrt(v) + epsilon), through a momentum buffer s2 if
/// momentum > 0   (Tieleman & Hinton 2012)
struct RmspropUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& v, T& s2, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        v = c.beta1 * v + c.rest1 * g * g;
        s2 = c.momentum * s2 + g / (sqrt(v) + c.epsilon);
        p -= c.lr * s2;
    }
};

/// s <- s + g^2; p <- p - lr g / (sqrt(s) + epsilon)   (Duchi et al. 2011, Algorithm 1 with
/// diagonal matrices)
struct AdagradUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& s, T&, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        s += g * g;
        p -= c.lr * g / (sqrt(s) + c.epsilon);
    }
};

/// m <- beta1 m + (1 - beta1) g; u <- max(beta2 u, |g| + epsilon); p <- p - lr / bias1 m / u
/// (Kingma & Ba 2015, Algorithm 2)
struct AdamaxUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& m, T& u, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        m = c.beta1 * m + c.rest1 * g;
        u = max(c.beta2 * u, abs(g) + c.epsilon);
        p -= c.lr / c.bias1 * m / u;
    }
};

/// p <- p - lr (sign(beta1 m + (1 - beta1) g) + decoupled_decay p); m <- beta2 m + (1 - beta2) g
/// (Chen et al. 2023, Algorithm 2)
struct LionUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& m, T&, const Coefficients<T>& c) {
        const T blend = c.beta1 * m + c.rest1 * g;
        // 0 and NaN stay what they are
        const T sign = where(blend > T(0), T(1), where(blend < T(0), T(-1), blend));
        p -= c.lr * (sign + c.decoupled_decay * p);
        m = c.beta2 * m + c.rest2 * g;
    }
};

/// p <- beta1 p + (1 - beta1) g: an exponential moving average of g
struct EmaUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T&, T&, const Coefficients<T>& c) {
        p = c.beta1 * p + c.rest1 * g;
    }
};

}  // namespace eps::math

/// X(name, struct)
// clang-format off
#define EPS_UPDATES(X)        \
    X(sgd, SgdUpdate)         \
    X(adam, AdamUpdate)       \
    X(rmsprop, RmspropUpdate) \
    X(adagrad, AdagradUpdate) \
    X(adamax, AdamaxUpdate)   \
    X(lion, LionUpdate)       \
    X(ema, EmaUpdate)
// clang-format on
