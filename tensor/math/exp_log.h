// exp, expm1, log and log1p.
//
// The polynomials are minimax fits of relative error, each coefficient rounded to float before the
// next was fitted. The stated errors are maxima over a sweep of every 97th float.
#pragma once

#include "tensor/math/bits.h"

namespace eps::math {

EPS_HD double exp(double x) { return std::exp(x); }
EPS_HD double expm1(double x) { return std::expm1(x); }
EPS_HD double log(double x) { return std::log(x); }
EPS_HD double log1p(double x) { return std::log1p(x); }

namespace detail {

// ln 2 in two parts; the first has few bits, so that n * kLn2Hi is exact for |n| <= 2^9.
inline constexpr float kLn2Hi = 0x1.62e4p-1f;
inline constexpr float kLn2Lo = 1.42860682e-06f;

// e^x = 2^n (1 + tail) for |x| <= 128: n = round(x / ln 2), and tail = e^r - 1 for the rest r,
// |r| <= ln(2) / 2, a polynomial of degree 7 with relative error 2^-31.
struct ExpParts {
    float tail;
    int32_t n;
};
EPS_HD ExpParts split_exp(float x) {
    const Rounded n = round_scaled(x, 1.44269504f);
    const float r = fma(n.value, -kLn2Lo, fma(n.value, -kLn2Hi, x));
    const float p = poly(r, 0.5f, 0.166666657f, 0.0416664928f, 0.00833354425f, 0.00139323424f,
                         0.000197633824f);
    return {fma(r * r, p, r), n.integer};
}

// log(2^k (1 + f)) for f in [-1/3, 1/3]: a polynomial of degree 10 in f with relative error 2^-27.
// The terms are added smallest first.
EPS_HD float join_log(float k, float f) {
    const float p = poly(f, -0.5f, 0.333332151f, -0.249998048f, 0.200104356f, -0.166802227f,
                         0.140055373f, -0.121874325f, 0.139856502f, -0.128793553f);
    return fma(k, kLn2Hi, fma(f * f, p, k * kLn2Lo) + f);
}

// The k for which x / 2^k lies in [2/3, 4/3); x positive and normal.
EPS_HD int32_t log_exponent(float x) { return static_cast<int32_t>(bits(x) - 0x3f2aaaabu) >> 23; }

// x / 2^k where neither side is denormal, or k is 0.
EPS_HD float scale_down(float x, int32_t k) {
    return from_bits(bits(x) - (static_cast<uint32_t>(k) << 23));
}

}  // namespace detail

#ifdef __CUDA_ARCH__

EPS_HD float exp(float x) { return ::expf(x); }
EPS_HD float expm1(float x) { return ::expm1f(x); }
EPS_HD float log(float x) { return ::logf(x); }
EPS_HD float log1p(float x) { return ::log1pf(x); }

#else

// 2^n (1 + tail), scaled in two steps to round denormal results once. 0.98 ULP.
EPS_HD float exp(float x) {
    const auto [tail, n] = detail::split_exp(detail::clamp(x, -104.0f, 89.0f));
    const int32_t half = n >> 1;
    return (1.0f + tail) * detail::pow2(half) * detail::pow2(n - half);
}

// 2^n tail + (2^n - 1), halved until the end because 2^128 is no float; x itself where tiny. 1.41 ULP.
EPS_HD float expm1(float x) {
    const auto [tail, n] = detail::split_exp(detail::clamp(x, -18.0f, 89.0f));
    const float s = detail::pow2(n - 1);
    const float y = fma(s, tail, s - 0.5f) * 2.0f;
    return std::fabs(x) < 0x1p-25f ? x : y;
}

// x = 2^k (1 + f), denormals brought up first, then join_log. 0.85 ULP.
EPS_HD float log(float x) {
    const bool denormal = x < 0x1p-126f;
    const float m = denormal ? x * 0x1p23f : x;
    const int32_t k = detail::log_exponent(m);
    const float f = detail::scale_down(m, k) - 1.0f;
    const float y = detail::join_log(static_cast<float>(k) - (denormal ? 23.0f : 0.0f), f);
    const float edge = x < 0.0f ? detail::kNaN : (x == 0.0f ? -detail::kInf : x);
    return x > 0.0f && x < detail::kInf ? y : edge;
}

// 1 + x = 2^k (1 + f) with f = x / 2^k + (2^-k - 1), so that no bit of x is lost; then join_log.
// 2^-k is built four times too large, to stay normal. 1.55 ULP.
EPS_HD float log1p(float x) {
    const int32_t k = detail::log_exponent(1.0f + x);
    const float f = detail::scale_down(x, k) + fma(0.25f, detail::scale_down(4.0f, k), -1.0f);
    const float y = detail::join_log(static_cast<float>(k), f);
    const float edge = x < -1.0f ? detail::kNaN : (x == -1.0f ? -detail::kInf : x);
    return x > -1.0f && x < detail::kInf && x != 0.0f ? y : edge;
}

#endif

}  // namespace eps::math
