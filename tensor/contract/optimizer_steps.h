#pragma once
// One step of each optimiser for one parameter: p is the value, g its gradient, s1 and s2 its
// state. Conventions are PyTorch's. To add an optimiser, add a struct here and its name to the list
// EPS_UPDATES: the kernels of both devices follow.
#include <cmath>
#include <cstdint>

#include "tensor/scalar/functions.h"
#include "tensor/tensor.h"

namespace eps::math {

/// The coefficients of one optimiser step; each update reads those its formula names. Kernels read
/// `skip` first: if it is not 0, the step is left out. It may have been computed on the device.
struct UpdateCoefficients {
    double lr = 0, weight_decay = 0, decoupled_decay = 0, epsilon = 0;
    double beta1 = 0, beta2 = 0, bias1 = 1, bias2 = 1;
    double momentum = 0, dampening = 0, nesterov = 0, first_step = 0;
    double skip = 0;
};

/// The coefficients in the parameters' own type. 1 - beta is computed in f64 first, because in f32
/// 1 - 0.999f is off by 5e-5.
template <class T> struct Coefficients {
    T lr, weight_decay, decoupled_decay, epsilon;
    T beta1, beta2, rest1, rest2, bias1, bias2_root;
    T momentum, dampening, nesterov, first_step;

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

/// Stochastic gradient descent with momentum.
///     s1 <- momentum s1 + (1 - dampening) g;   s1 <- g at the first step, or without momentum
///     p  <- p - lr s1;                         p  <- p - lr (g + momentum s1) with Nesterov
/// Source: Sutskever et al. 2013, in PyTorch's form.
struct SgdUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& s1, T&, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        const T v = where(c.first_step != T(0) || c.momentum == T(0), g,
                          c.momentum * s1 + (T(1) - c.dampening) * g);
        s1 = v;
        p -= c.lr * where(c.nesterov != T(0), g + c.momentum * v, v);
    }
};

/// Adam, and AdamW: weight_decay is added to g, decoupled_decay shrinks p first.
///     m <- beta1 m + (1 - beta1) g;   v <- beta2 v + (1 - beta2) g^2;   bias_i = 1 - beta_i^t
///     p <- p - lr (m / bias1) / (sqrt(v / bias2) + epsilon)
/// Source: Kingma & Ba 2015, Algorithm 1; Loshchilov & Hutter 2019.
struct AdamUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& m, T& v, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        p -= c.lr * c.decoupled_decay * p;
        m = c.beta1 * m + c.rest1 * g;
        v = c.beta2 * v + c.rest2 * g * g;
        p -= c.lr / c.bias1 * m / (sqrt(v) / c.bias2_root + c.epsilon);
    }
};

/// RMSprop, with an optional momentum buffer s2.
///     v  <- beta1 v + (1 - beta1) g^2
///     s2 <- momentum s2 + g / (sqrt(v) + epsilon);   p <- p - lr s2
/// Source: Tieleman & Hinton 2012.
struct RmspropUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& v, T& s2, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        v = c.beta1 * v + c.rest1 * g * g;
        s2 = c.momentum * s2 + g / (sqrt(v) + c.epsilon);
        p -= c.lr * s2;
    }
};

/// Adagrad.
///     s <- s + g^2;   p <- p - lr g / (sqrt(s) + epsilon)
/// Source: Duchi et al. 2011, Algorithm 1 with diagonal matrices.
struct AdagradUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& s, T&, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        s += g * g;
        p -= c.lr * g / (sqrt(s) + c.epsilon);
    }
};

/// Adamax.
///     m <- beta1 m + (1 - beta1) g;   u <- max(beta2 u, |g| + epsilon);   p <- p - lr / bias1 m /
///     u
/// Source: Kingma & Ba 2015, Algorithm 2.
struct AdamaxUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& m, T& u, const Coefficients<T>& c) {
        g += c.weight_decay * p;
        m = c.beta1 * m + c.rest1 * g;
        u = max(c.beta2 * u, abs(g) + c.epsilon);
        p -= c.lr / c.bias1 * m / u;
    }
};

/// Lion.
///     p <- p - lr (sign(beta1 m + (1 - beta1) g) + decoupled_decay p)
///     m <- beta2 m + (1 - beta2) g
/// Source: Chen et al. 2023, Algorithm 2.
struct LionUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T& m, T&, const Coefficients<T>& c) {
        const T blend = c.beta1 * m + c.rest1 * g;
        // The sign of 0 is 0, and that of NaN is NaN.
        const T sign = where(blend > T(0), T(1), where(blend < T(0), T(-1), blend));
        p -= c.lr * (sign + c.decoupled_decay * p);
        m = c.beta2 * m + c.rest2 * g;
    }
};

/// An exponential moving average of g.
///     p <- beta1 p + (1 - beta1) g
struct EmaUpdate {
    template <class T> static EPS_HD void f(T& p, T g, T&, T&, const Coefficients<T>& c) {
        p = c.beta1 * p + c.rest1 * g;
    }
};

}  // namespace eps::math

/// X(name, struct), for every update above.
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

namespace eps::kernels {

using math::UpdateCoefficients;

/// Which update a kernel computes.
#define EPS_UPDATE_NAME(name, S) name,
enum class Update : std::uint8_t { EPS_UPDATES(EPS_UPDATE_NAME) };
#undef EPS_UPDATE_NAME

/// One parameter of a multi-tensor update: the value, its gradient, and up to two state tensors,
/// all contiguous and of one dtype.
struct UpdateTensors {
    Tensor value, gradient, state1, state2;
};

/// The coefficients as kernels read them, which may be later than they are written: the numbers of
/// the struct as an f64 vector on the CPU.
Tensor as_tensor(const UpdateCoefficients& c);
/// Overwrites `skip` in such a vector with a number on the same device.
void set_skip(Tensor& coefficients, const Tensor& skip);

}  // namespace eps::kernels
