#pragma once
// exp, exp2, expm1, log, log2, log10 and log1p.
//
// The polynomials are minimax fits of the relative error; each coefficient was rounded to float
// before the next was fitted. Max errors are over a sweep of every 97th float.
#include "tensor/scalar/bits.h"

namespace eps::math {

EPS_HD double exp(double x) { return std::exp(x); }
EPS_HD double exp2(double x) { return std::exp2(x); }
EPS_HD double expm1(double x) { return std::expm1(x); }
EPS_HD double log(double x) { return std::log(x); }
EPS_HD double log2(double x) { return std::log2(x); }
EPS_HD double log10(double x) { return std::log10(x); }
EPS_HD double log1p(double x) { return std::log1p(x); }

namespace detail {

// ln 2 in two parts. The first has few bits, so that n * kLn2Hi is exact for |n| <= 2^9.
inline constexpr float kLn2Hi = 0x1.62e4p-1f;
inline constexpr float kLn2Lo = 1.42860682e-06f;

// (e^r - 1 - r) / r^2 for |r| <= ln(2) / 2: r + r^2 of it has relative error 2^-31.
EPS_HD float exp_poly(float r) {
    return poly(r, 0.5f, 0.166666657f, 0.0416664928f, 0.00833354425f, 0.00139323424f,
                0.000197633824f);
}

// e^x = 2^n (1 + tail) for |x| <= 128: n = round(x / ln 2), and tail = e^r - 1 for the remainder r.
struct ExpParts {
    float tail;
    int32_t n;
};
EPS_HD ExpParts split_exp(float x) {
    const Rounded n = round_scaled(x, 1.44269504f);
    const float r = fma(n.value, -kLn2Lo, fma(n.value, -kLn2Hi, x));
    return {fma(r * r, exp_poly(r), r), n.integer};
}

// 2^n (1 + tail), scaled in two steps so that denormal results are rounded once.
EPS_HD float join_exp(float tail, int32_t n) {
    const int32_t half = n >> 1;
    return (1.0f + tail) * pow2(half) * pow2(n - half);
}

// (log(1 + f) - f) / f^2 for f in [-1/3, 1/3]: f + f^2 of it has relative error 2^-27.
EPS_HD float log_poly(float f) {
    return poly(f, -0.5f, 0.333332151f, -0.249998048f, 0.200104356f, -0.166802227f, 0.140055373f,
                -0.121874325f, 0.139856502f, -0.128793553f);
}

// log(2^k (1 + f)). The terms are added smallest first.
EPS_HD float join_log(float k, float f) {
    return fma(k, kLn2Hi, fma(f * f, log_poly(f), k * kLn2Lo) + f);
}

// The k for which x / 2^k lies in [2/3, 4/3), for positive normal x.
EPS_HD int32_t log_exponent(float x) { return static_cast<int32_t>(bits(x) - 0x3f2aaaabu) >> 23; }

// x / 2^k. Neither x nor the result may be denormal, unless k is 0.
EPS_HD float scale_down(float x, int32_t k) {
    return from_bits(bits(x) - (static_cast<uint32_t>(k) << 23));
}

// x = 2^k (1 + f) with f in [-1/3, 1/3], for every positive finite x: denormals are scaled up
// first.
struct LogParts {
    float k, f;
};
EPS_HD LogParts split_log(float x) {
    const bool denormal = x < 0x1p-126f;
    const float m = denormal ? x * 0x1p23f : x;
    const int32_t k = log_exponent(m);
    return {static_cast<float>(k) - (denormal ? 23.0f : 0.0f), scale_down(m, k) - 1.0f};
}

// y where the logarithm of x is finite; otherwise NaN, -inf, inf or NaN for x < 0, 0, inf or NaN.
EPS_HD float with_log_edges(float x, float y) {
    const float edge = x < 0.0f ? kNaN : (x == 0.0f ? -kInf : x);
    return x > 0.0f && x < kInf ? y : edge;
}

}  // namespace detail

#ifdef __CUDA_ARCH__

EPS_HD float exp(float x) { return ::expf(x); }
EPS_HD float exp2(float x) { return ::exp2f(x); }
EPS_HD float expm1(float x) { return ::expm1f(x); }
EPS_HD float log(float x) { return ::logf(x); }
EPS_HD float log2(float x) { return ::log2f(x); }
EPS_HD float log10(float x) { return ::log10f(x); }
EPS_HD float log1p(float x) { return ::log1pf(x); }

#else

// Max error: 0.98 ULP.
EPS_HD float exp(float x) {
    const auto [tail, n] = detail::split_exp(detail::clamp(x, -104.0f, 89.0f));
    return detail::join_exp(tail, n);
}

// 2^x = 2^n e^(r ln 2) with n = round(x); r ln 2 is kept in two parts. Max error: 0.86 ULP.
EPS_HD float exp2(float x) {
    const float y = detail::clamp(x, -151.0f, 129.0f);
    const auto [whole, n] = detail::round_scaled(y, 1.0f);
    const float r = y - whole, t = r * 0x1.62e430p-1f,
                low = fma(r, 0x1.62e430p-1f, -t) + r * -0x1.05c610p-29f;
    return detail::join_exp(fma(t * t, detail::exp_poly(t), low) + t, n);
}

// 2^n tail + (2^n - 1), halved until the end because 2^128 is not a float; x itself if tiny.
// Max error: 1.41 ULP.
EPS_HD float expm1(float x) {
    const auto [tail, n] = detail::split_exp(detail::clamp(x, -18.0f, 89.0f));
    const float s = detail::pow2(n - 1);
    const float y = fma(s, tail, s - 0.5f) * 2.0f;
    return std::fabs(x) < 0x1p-25f ? x : y;
}

// Max error: 0.85 ULP.
EPS_HD float log(float x) {
    const auto [k, f] = detail::split_log(x);
    return detail::with_log_edges(x, detail::join_log(k, f));
}

// k + log(1 + f) / ln 2, with 1 / ln 2 in two parts; exact for powers of two. Max error: 1.45 ULP.
EPS_HD float log2(float x) {
    const auto [k, f] = detail::split_log(x);
    const float low = fma(f * f * detail::log_poly(f), 0x1.715476p0f, f * 0x1.4ae0cp-26f);
    return detail::with_log_edges(x, fma(f, 0x1.715476p0f, low) + k);
}

// k log10(2) + log(1 + f) / ln 10, with both constants in two parts; the first part of log10(2) has
// few bits, like that of ln 2. Max error: 1.35 ULP.
EPS_HD float log10(float x) {
    const auto [k, f] = detail::split_log(x);
    const float low = fma(f * f * detail::log_poly(f), 0x1.bcb7b2p-2f,
                          fma(f, -0x1.5b235ep-27f, k * 0x1.3509f8p-18f));
    return detail::with_log_edges(x, fma(k, 0x1.344p-2f, fma(f, 0x1.bcb7b2p-2f, low)));
}

// 1 + x = 2^k (1 + f) with f = x / 2^k + (2^-k - 1), so that no bit of x is lost; then join_log.
// 2^-k is computed four times too large, to stay normal. Max error: 1.55 ULP.
EPS_HD float log1p(float x) {
    const int32_t k = detail::log_exponent(1.0f + x);
    const float f = detail::scale_down(x, k) + fma(0.25f, detail::scale_down(4.0f, k), -1.0f);
    const float y = detail::join_log(static_cast<float>(k), f);
    const float edge = x < -1.0f ? detail::kNaN : (x == -1.0f ? -detail::kInf : x);
    return x > -1.0f && x < detail::kInf && x != 0.0f ? y : edge;
}

#endif

// e^x - 1 - x: how far the exponential lies above its tangent at 0. Near 0, where the difference
// would cancel, it is x^2 times a polynomial.
EPS_HD float exp_excess(float x) {
    const float near = x * x * detail::exp_poly(x);
    return std::fabs(x) < 0.34f ? near : expm1(x) - x;
}
EPS_HD double exp_excess(double x) {
    double series = 0;  // sum over k of x^k 2 / (k + 2)!
    for (int k = 14; k >= 0; --k) series = fma(series, x / (k + 3), 1.0);
    return std::fabs(x) < 0.5 ? 0.5 * x * x * series : expm1(x) - x;
}

}  // namespace eps::math
