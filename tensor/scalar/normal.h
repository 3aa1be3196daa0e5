#pragma once
// The normal distribution function, its logarithm and the derivative of that logarithm, accurate to
// a few ULP in both tails.
//
// On the CPU, float goes through double: rounding the argument of erfc to float would alone cost
// x^2 ULP, and the C library's erfc takes most of the time either way. GPUs have few units for
// double, and CUDA has a scaled erfc in float.
#include "tensor/scalar/functions.h"

namespace eps::math {

// Phi(x) = erfc(z) / 2 with z = -x / sqrt(2), corrected to first order for the rounding error of z.
EPS_HD double ndtr(double x) {
    const double z = x * -0.70710678118654752;
    const double lost = fma(x, -0.70710678118654752, -z) + x * 4.8336466567264567e-17;
    return 0.5 * (erfc(z) - (abs(z) < 27.0 ? 1.1283791670955126 * exp(-z * z) * lost : 0.0));
}

// phi(x) / Phi(x), which grows as a = -x on the left. There it is Laplace's continued fraction
// a + 1/(a + 2/(a + 3/...)), which has converged after 30 terms for a > 5.
EPS_HD double inverse_mills(double x) {
    double tail = -x;
    for (int k = 30; k > 0; --k) tail = static_cast<double>(k) / tail - x;
    return x < -5.0 ? tail : 0.3989422804014327 * exp_of_square(x, -0.5) / ndtr(x);
}

// inverse_mills(x) + x, which on the left is small: the fraction without its first term.
EPS_HD double mills_excess(double x) {
    double tail = -x;
    for (int k = 30; k > 1; --k) tail = static_cast<double>(k) / tail - x;
    return x < -5.0 ? 1.0 / tail : inverse_mills(x) + x;
}

// log Phi(x): log phi(x) - log(phi(x) / Phi(x)) on the left, log1p(-Phi(-x)) on the right.
EPS_HD double log_ndtr(double x) {
    const double left = -0.5 * x * x - log(2.5066282746310002 * inverse_mills(x));
    return x < -5.0 ? left : x > 0.0 ? log1p(-ndtr(-x)) : log(ndtr(x));
}

#ifdef __CUDA_ARCH__

namespace detail {

// scaled = 2 Phi(-a) e^(a^2/2) and weight = e^(-a^2/2), for a >= 0. The weight is corrected for the
// rounding error of a^2, which would cost a^2 / 2 ULP.
struct ScaledTail {
    float scaled, weight;
};
EPS_HD ScaledTail scaled_tail(float a) {
    const float b = min(a, 20.0f);  // beyond, the weight is 0 in float
    const float half = -0.5f * b, square = half * b, y = ::expf(square);
    return {::erfcxf(a * 0.707106781f), fma(y, fma(half, b, -square), y)};
}

}  // namespace detail

// With CUDA's documented errors (normcdff 5 ULP; erfcxf 4; expf, logf and log1pf 1) the relative
// error is at most 2e-6.
EPS_HD float ndtr(float x) { return ::normcdff(x); }
EPS_HD float inverse_mills(float x) {
    const auto [scaled, weight] = detail::scaled_tail(abs(x));
    // At -5000 the quotient has long been -x; further left `scaled` becomes denormal.
    const float left = x < -5000.0f ? -x : 0.797884561f / scaled;
    return x > 0.0f ? 0.398942280f * weight / fma(-0.5f * scaled, weight, 1.0f) : left;
}
EPS_HD float mills_excess(float x) {
    float tail = -x;  // it has converged for x < -5
    for (int k = 30; k > 1; --k) tail = static_cast<float>(k) / tail - x;
    return x < -5.0f ? 1.0f / tail : inverse_mills(x) + x;
}
EPS_HD float log_ndtr(float x) {
    const auto [scaled, weight] = detail::scaled_tail(abs(x));
    return x > 0.0f ? ::log1pf(-0.5f * scaled * weight) : -0.5f * x * x + ::logf(0.5f * scaled);
}

#else

EPS_HD float ndtr(float x) { return static_cast<float>(ndtr(static_cast<double>(x))); }
EPS_HD float inverse_mills(float x) {
    return static_cast<float>(inverse_mills(static_cast<double>(x)));
}
EPS_HD float mills_excess(float x) {
    return static_cast<float>(mills_excess(static_cast<double>(x)));
}
EPS_HD float log_ndtr(float x) { return static_cast<float>(log_ndtr(static_cast<double>(x))); }

#endif

}  // namespace eps::math
