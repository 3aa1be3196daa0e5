#pragma once
// Formulas of the models as single kernels. Each takes one pass over memory where a chain of ops
// would take several, in its derivatives too.
#include "tensor/contract/derivative_table.h"
#include "tensor/formulas/attributes.h"

namespace eps::math {

/// z = mu + exp(log_var / 2) noise: a sample of N(mu, exp(log_var))
/// (Kingma & Welling 2014, section 2.4)
struct Reparameterise {
    template <class T> EPS_HD constexpr T f(T mu, T log_var, T noise) const {
        return mu + exp(T(0.5) * log_var) * noise;
    }
};
/// KL(N(mu, exp(log_var)) || N(0, 1)) = (mu^2 + exp(log_var) - 1 - log_var) / 2, in nats
/// (Kingma & Welling 2014, appendix B)
struct KlStandardNormal {
    template <class T> EPS_HD constexpr T f(T mu, T log_var) const {
        return T(0.5) * (mu * mu + exp_excess(log_var));  // two terms >= 0: nothing cancels
    }
};
/// log N(x; mu, exp(log_var)), in nats
struct NormalLogProb {
    template <class T> EPS_HD constexpr T f(T x, T mu, T log_var) const {
        constexpr double log_two_pi = 1.8378770664093453;
        const T d = x - mu;
        return T(-0.5) * (T(log_two_pi) + log_var + d * d * exp(-log_var));
    }
};
/// -(target log sigmoid(logit) + (1 - target) log sigmoid(-logit)), in nats;
/// computed as max(logit, 0) - target logit + log(1 + e^-|logit|), with each target on its own side
struct BceWithLogits {
    template <class T> EPS_HD constexpr T f(T logit, T target) const {
        // where() and not abs(), whose second derivative at 0 is not that of the loss.
        const auto right = logit > T(0);
        const T linear = where(right, (T(1) - target) * logit, -(target * logit));
        return linear + softplus(where(right, -logit, logit));
    }
};
/// (a - b)^2
struct SquaredError {
    template <class T> EPS_HD constexpr T f(T a, T b) const {
        const T d = a - b;
        return d * d;
    }
};
/// |d| <= delta ? d^2 / 2 : delta (|d| - delta / 2) with d = a - b   (Huber 1964)
struct Huber : HuberAttributes {
    template <class T> EPS_HD constexpr T f(T a, T b) const {
        const T d = a - b;
        return where(abs(d) <= T(delta), T(0.5) * d * d, T(delta) * (abs(d) - T(0.5 * delta)));
    }
};
/// log |1 + (1 - h^2) wu| with h = tanh(w z + b) and wu = w u: the log-determinant of a planar flow
/// (Rezende & Mohamed 2015, eq. 11-12)
struct PlanarLogDet {
    template <class T> EPS_HD constexpr T f(T h, T wu) const {
        const T v = (T(1) - h) * (T(1) + h) * wu;
        return log1p(where(v < T(-1), T(-2) - v, v));  // |1 + v| = 1 + (-2 - v) for v < -1
    }
};
/// x exp(s) + t: the transformed half of an affine coupling   (Dinh et al. 2017, eq. 5)
struct AffineCoupling {
    template <class T> EPS_HD constexpr T f(T x, T s, T t) const { return x * exp(s) + t; }
};

}  // namespace eps::math
