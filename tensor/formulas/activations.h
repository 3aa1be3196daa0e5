#pragma once
// Activation functions. Their attributes are structs of tensor/formulas/attributes.h.
#include "tensor/contract/derivative_table.h"
#include "tensor/formulas/attributes.h"

namespace eps::math {

/// 1 / (1 + e^-x); the derivative y (1 - y) is taken from the output y, so that its error is
/// relative to 1, not to itself, where y is nearly 1
struct Sigmoid {
    template <class T> EPS_HD constexpr T f(T x) const { return sigmoid(x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const {
        return y * (T(1) - y);
    }
};
/// log sigmoid(x) = -softplus(-x)
struct LogSigmoid {
    template <class T> EPS_HD constexpr T f(T x) const { return -softplus(-x); }
};
/// log(1 + e^x)
struct Softplus {
    template <class T> EPS_HD constexpr T f(T x) const { return softplus(x); }
};
/// x / (1 + |x|)
struct Softsign {
    template <class T> EPS_HD constexpr T f(T x) const { return softsign(x); }
};
/// max(x, 0); derivative 0 at 0
struct Relu {
    template <class T> EPS_HD constexpr T f(T x) const { return where(x <= T(0), T(0), x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const {
        return where(y <= T(0), T(0), T(1));
    }
};
/// min(max(x, 0), 6)
struct Relu6 {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(0), T(0), where(x >= T(6), T(6), x));
    }
};
/// x > 0 ? x : slope x   (Maas et al. 2013)
struct LeakyRelu : LeakyReluAttributes {
    template <class T> EPS_HD constexpr T f(T x) const { return where(x > T(0), x, T(slope) * x); }
};
/// x > 0 ? x : alpha (e^x - 1)   (Clevert et al. 2016)
struct Elu : EluAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x > T(0), x, T(alpha) * expm1(x));
    }
};
/// x > 0 ? x : alpha (e^(x/alpha) - 1)   (Barron 2017)
struct Celu : CeluAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x > T(0), x, T(alpha) * expm1(x / T(alpha)));
    }
};
/// scale (x > 0 ? x : alpha (e^x - 1)), whose fixed point has mean 0 and variance 1
/// (Klambauer et al. 2017)
struct Selu {
    template <class T> EPS_HD constexpr T f(T x) const {
        constexpr double scale = 1.0507009873554805, alpha = 1.6732632423543772;
        return T(scale) * where(x > T(0), x, T(alpha) * expm1(x));
    }
};
/// x sigmoid(x)   (Elfwing et al. 2017)
struct Silu {
    template <class T> EPS_HD constexpr T f(T x) const { return x * sigmoid(x); }
};
/// x Phi(x) with the exact normal distribution function   (Hendrycks & Gimpel 2016)
struct Gelu {
    template <class T> EPS_HD constexpr T f(T x) const { return gelu(x); }
};
/// x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3): x Phi(x) by the tanh
/// approximation, computed as x sigmoid(2 u)   (Hendrycks & Gimpel 2016)
struct GeluTanh {
    template <class T> EPS_HD constexpr T f(T x) const {
        constexpr double two_sqrt_two_over_pi = 1.5957691216057308;
        // Beyond 32 the sigmoid is 0 or 1 in f64 too, and the cube of x may overflow.
        const T least = where(x < T(-32), T(-32), x), c = where(least > T(32), T(32), least);
        const T s = sigmoid(T(two_sqrt_two_over_pi) * (c + T(0.044715) * c * c * c));
        return where(x > T(32), x, where(x < T(-32), T(-0.0), x * s));
    }
};
/// x tanh(softplus(x))   (Misra 2019)
struct Mish {
    template <class T> EPS_HD constexpr T f(T x) const { return x * tanh(softplus(x)); }
};
/// min(max(x + 3, 0), 6) / 6   (Howard et al. 2019)
struct Hardsigmoid {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(-3), T(0), where(x >= T(3), T(1), (x + T(3)) / T(6)));
    }
};
/// x hardsigmoid(x)   (Howard et al. 2019)
struct Hardswish {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(-3), T(0), where(x >= T(3), x, x * (x + T(3)) / T(6)));
    }
};
/// min(max(x, lo), hi)
struct Hardtanh : HardtanhAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        const T least = where(x <= T(lo), T(lo), x);
        return where(least >= T(hi), T(hi), least);
    }
};
/// x where |x| > lambda, shrunk towards 0 by lambda; else 0
struct Softshrink : SoftshrinkAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(abs(x) <= T(lambda), T(0), where(x > T(0), x - T(lambda), x + T(lambda)));
    }
};
/// x where |x| > lambda, else 0
struct Hardshrink : HardshrinkAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(abs(x) <= T(lambda), T(0), x);
    }
};
/// x where x > threshold, else value; with value 0 the thresholded ReLU   (Konda et al. 2015)
struct Threshold : ThresholdAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(threshold), T(value), x);
    }
};

}  // namespace eps::math
