#pragma once
// Activation functions. Their attributes are structs of tensor/formulas/attributes.h.
#include "tensor/contract/derivative_table.h"
#include "tensor/formulas/attributes.h"

namespace eps::math {

/// 1 / (1 + e^-x)
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
    template <class T> EPS_HD constexpr T f(T x) const { return x / (T(1) + abs(x)); }
};
/// max(x, 0); derivative 0 at 0
struct Relu {
    template <class T> EPS_HD constexpr T f(T x) const { return where(x <= T(0), T(0), x); }
    template <class T> EPS_HD constexpr T derivative_from_output(T y) const {
        return where(y > T(0), T(1), T(0));
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
/// x Phi(x) by the tanh approximation   (Hendrycks & Gimpel 2016)
struct GeluTanh {
    template <class T> EPS_HD constexpr T f(T x) const {
        constexpr double sqrt_two_over_pi = 0.79788456080286536;
        return T(0.5) * x * (T(1) + tanh(T(sqrt_two_over_pi) * (x + T(0.044715) * x * x * x)));
    }
};
/// x tanh(softplus(x))   (Misra 2019)
struct Mish {
    template <class T> EPS_HD constexpr T f(T x) const { return x * tanh(softplus(x)); }
};
/// min(max(x + 3, 0), 6) / 6   (Howard et al. 2019)
struct Hardsigmoid {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(-3), T(0), where(x >= T(3), T(1), x / T(6) + T(0.5)));
    }
};
/// x hardsigmoid(x)   (Howard et al. 2019)
struct Hardswish {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(-3), T(0), where(x >= T(3), x, x * (x + T(3)) / T(6)));
    }
};
/// x clamped to [lo, hi]
struct Hardtanh : HardtanhAttributes {
    template <class T> EPS_HD constexpr T f(T x) const {
        return where(x <= T(lo), T(lo), where(x >= T(hi), T(hi), x));
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
