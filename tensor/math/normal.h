#pragma once
// The normal distribution function, its logarithm and the slope of that, with few ULP in both tails. float goes through double: the
// argument of erfc rounded to float would alone cost x^2 ULP, and the C library's erfc sets the pace either way.
#include "tensor/math/functions.h"

namespace eps::math {

// Phi(x) = erfc(z) / 2 with z = -x / sqrt(2), where the part of z that rounding lost is put back to first order.
EPS_HD double ndtr(double x) {
    const double z = x * -0.70710678118654752;
    const double lost = fma(x, -0.70710678118654752, -z) + x * 4.8336466567264567e-17;
    return 0.5 * (erfc(z) - (abs(z) < 27.0 ? 1.1283791670955126 * exp(-z * z) * lost : 0.0));
}

// phi(x) / Phi(x), which grows as -x on the left: there the continued fraction a + 1/(a + 2/(a + 3/...)), a = -x, of Laplace, which for
// a > 5 has converged after 30 terms.
EPS_HD double inverse_mills(double x) {
    double tail = -x;
    for (int k = 30; k > 0; --k) tail = static_cast<double>(k) / tail - x;
    return x < -5.0 ? tail : 0.3989422804014327 * exp(-0.5 * x * x) / ndtr(x);
}

// log Phi(x): on the left log phi(x) - log(phi(x) / Phi(x)), on the right log1p(-Phi(-x)).
EPS_HD double log_ndtr(double x) {
    const double left = -0.5 * x * x - log(2.5066282746310002 * inverse_mills(x));
    return x < -5.0 ? left : x > 0.0 ? log1p(-ndtr(-x)) : log(ndtr(x));
}

EPS_HD float ndtr(float x) { return static_cast<float>(ndtr(static_cast<double>(x))); }
EPS_HD float inverse_mills(float x) { return static_cast<float>(inverse_mills(static_cast<double>(x))); }
EPS_HD float log_ndtr(float x) { return static_cast<float>(log_ndtr(static_cast<double>(x))); }

}  // namespace eps::math
