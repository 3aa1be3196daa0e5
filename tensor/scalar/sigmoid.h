#pragma once
// tanh, sigmoid and erf: the bounded, S-shaped functions. Max errors are over a sweep of every 97th
// float.
#include "tensor/scalar/exp_log.h"

namespace eps::math {

EPS_HD double tanh(double x) { return std::tanh(x); }
EPS_HD double erf(double x) { return std::erf(x); }

// 1 / (1 + e^-x), written with e^-|x| so that nothing overflows. The last step corrects for the
// rounding error of the divisor.
EPS_HD double sigmoid(double x) {
    const double z = std::exp(-std::fabs(x)), s = 1.0 + z, lost = z - (s - 1.0);
    const double y = (x < 0.0 ? z : 1.0) / s;
    return fma(-y, lost / s, y);
}

// Its derivative, z / (1 + z)^2 with z = e^-|x|. As y (1 - y) it would cancel for large x, and a
// factor x, as in silu, would make that visible.
EPS_HD double sigmoid_derivative(double x) {
    const double z = std::exp(-std::fabs(x)), s = 1.0 + z;
    return z / (s * s);
}

namespace detail {

// y = 1 / (1 + s + s t), where e^-x = s (1 + t) and s = 2^n, and `complement` = 1 - y without
// cancellation. Everything is scaled by 2^-64, so that s is normal where the quotient is denormal.
// The rounding error of 1 + s is added to s t.
struct SigmoidParts {
    float y, complement;
};
EPS_HD SigmoidParts sigmoid_parts(float x) {
    const auto [tail, n] = split_exp(-clamp(x, -104.0f, 43.0f));
    const float one = 0x1p-64f, s = pow2(n - 64), sum = one + s, lost = one - (sum - s);
    const float y = one / (fma(s, tail, lost) + sum);
    return {y, fma(s, tail, s) * (y * 0x1p64f)};
}

}  // namespace detail

// Max error: 1.62 ULP.
EPS_HD float sigmoid(float x) { return detail::sigmoid_parts(x).y; }
EPS_HD float sigmoid_derivative(float x) {
    const auto [y, complement] = detail::sigmoid_parts(x);
    return x > 43.0f ? 0.0f : y * complement;
}

#ifdef __CUDA_ARCH__

EPS_HD float tanh(float x) { return ::tanhf(x); }
EPS_HD float erf(float x) { return ::erff(x); }

#else

// |x| < 0.55: odd polynomial of degree 11. Beyond: 1 - 2 / (e^(2|x|) + 1), which is 1 from 9.02 on.
// Max error: 1.29 ULP.
EPS_HD float tanh(float x) {
    const float a = std::fabs(x), z = x * x;
    const float p =
        detail::poly(z, -0.333333164f, 0.133325443f, -0.0538475476f, 0.021050714f, -0.0062428494f);
    const float near = fma(a * z, p, a);
    const auto [tail, n] = detail::split_exp(a > 10.0f ? 20.0f : a + a);
    const float s = detail::pow2(n);
    const float far = 1.0f - 2.0f / fma(s, tail, s + 1.0f);
    return detail::with_sign(a < 0.55f ? near : far, x);
}

// |x| < 1: odd polynomial of degree 13. Beyond: 1 - e^-g(|x|), where the polynomial g of degree 6
// is fitted to -log(erfc) up to 4, where erf is 1 in float. Max error: 0.97 ULP.
EPS_HD float erf(float x) {
    const float a = std::fabs(x), z = x * x;
    const float p = detail::poly(z, 0.128379166f, -0.37612626f, 0.112835787f, -0.0268533472f,
                                 0.0051871622f, -0.00079978531f, 7.80690316e-05f);
    const float near = fma(a, p, a);
    const float b = a > 4.0f ? 4.0f : a;
    const float g = b * detail::poly(b, 1.12848008f, 0.635831356f, 0.105116293f, -0.0227985587f,
                                     0.00318697677f, -0.000210647049f);
    const auto [tail, n] = detail::split_exp(-g);
    const float s = detail::pow2(n);
    const float far = (1.0f - s) - s * tail;
    return detail::with_sign(a < 1.0f ? near : far, x);
}

#endif

}  // namespace eps::math
