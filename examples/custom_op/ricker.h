#pragma once
#include <varepsilon_op.h>

/// (1 - x^2) exp(-x^2 / 2): the second derivative of a bell curve, upside down   (Ricker 1953)
struct Ricker {
    static constexpr const char* name = "ricker";
    template <class T> EPS_HD constexpr T f(T x) const {
        return (T(1) - x * x) * eps::math::exp(T(-0.5) * x * x);
    }
};
eps::Tensor ricker(const eps::Tensor& x);
