#pragma once
// sin, cos and tan, branch-free.
//
// Float arguments of every size are reduced modulo pi / 2 in integers, without loss (Payne & Hanek
// 1983). The remainder is computed in double and rounded once.
// Max error: 0.51 ULP over a sweep of every 97th float.
#include "tensor/scalar/bits.h"

namespace eps::math {

EPS_HD double sin(double x) { return std::sin(x); }
EPS_HD double cos(double x) { return std::cos(x); }
EPS_HD double tan(double x) { return std::tan(x); }

#ifdef __CUDA_ARCH__

EPS_HD float sin(float x) { return ::sinf(x); }
EPS_HD float cos(float x) { return ::cosf(x); }
EPS_HD float tan(float x) { return ::tanf(x); }

#else

namespace detail {

// The bits of 2 / pi in words of 32. The binary point follows the first word.
inline constexpr uint32_t kTwoOverPi[8] = {0,          0xa2f9836e, 0x4e441529, 0xfc2757d1,
                                           0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};

// Word First + i of kTwoOverPi, 0 <= i < 5. It is selected by the bits of i, so that neither a
// branch nor an address depends on i.
template <int First> EPS_HD uint64_t two_over_pi(uint32_t i) {
    constexpr const uint32_t* w = kTwoOverPi + First;
    const uint32_t one = 0u - (i & 1u), two = 0u - (i >> 1 & 1u), four = 0u - (i >> 2);
    const uint32_t low = w[0] ^ ((w[0] ^ w[1]) & one), high = w[2] ^ ((w[2] ^ w[3]) & one);
    const uint32_t below = low ^ ((low ^ high) & two);
    return below ^ ((below ^ w[4]) & four);
}

// The sine and cosine of r, where |x| = quarter * pi / 2 + r modulo 2 pi and |r| <= pi / 4.
struct Quarters {
    double sine, cosine;
    int32_t quarter;
};
EPS_HD Quarters reduce_quarters(float x) {
    const float a = std::fabs(x);
    // |x| = m 2^(exponent - 150). |x| 2 / pi is needed modulo 4, with 62 bits after the point: this
    // is m times the 96 bits of 2 / pi that begin exponent - 152 bits after its point. 64 bits of
    // the product are kept.
    const uint32_t m = (bits(a) & 0x007fffffu) | 0x00800000u;
    // The first of these bits in kTwoOverPi. (For small x it lies outside, and is not used.)
    const uint32_t at = (bits(a) >> 23) - 120;
    const uint32_t word = at >> 5 & 7u;
    const uint64_t shift = at & 31u;
    const uint64_t w0 = two_over_pi<0>(word), w1 = two_over_pi<1>(word), w2 = two_over_pi<2>(word),
                   w3 = two_over_pi<3>(word);
    const uint64_t high = (w0 << 32 | w1) << shift >> 32, middle = (w1 << 32 | w2) << shift >> 32,
                   low = (w2 << 32 | w3) << shift >> 32;
    const uint64_t product = (m * high << 32) + m * middle + (m * low >> 32);
    const uint64_t quarter = (product + (uint64_t{1} << 61)) >> 62;
    // The signed remainder of the quarter, in units of 2^-64. AVX2 converts only 32 bits at a time
    // to double.
    const uint64_t rest = product << 2;
    const double left =
        static_cast<double>(static_cast<int32_t>(rest >> 32)) * 0x1p-32 +
        static_cast<double>(static_cast<int32_t>((rest & 0xffffffffu) >> 1)) * 0x1p-63;
    const bool small = a < 0.5f;
    const double r = small ? static_cast<double>(a) : left * 1.5707963267948966;
    const double z = r * r;
    const double s =
        fma(fma(fma(2.7249895230611678e-6, z, -0.00019840086499593598), z, 0.0083333318742737137),
            z, -0.16666666663854167);
    const double c =
        fma(fma(fma(-2.7300933687212943e-7, z, 2.4800600180363809e-5), z, -0.0013888887671652504),
            z, 0.041666666664320267);
    return {fma(r * z, s, r), fma(z * z, c, fma(z, -0.5, 1.0)),
            small ? 0 : static_cast<int32_t>(quarter)};
}

// y if x is finite, else NaN.
EPS_HD float if_finite(float x, float y) { return std::fabs(x) < kInf ? y : x - x; }

}  // namespace detail

EPS_HD float sin(float x) {
    const auto [s, c, k] = detail::reduce_quarters(x);
    const float a = static_cast<float>((k & 1) != 0 ? c : s);
    const uint32_t sign = (detail::bits(x) & 0x80000000u) ^ (static_cast<uint32_t>(k & 2) << 30);
    return detail::if_finite(x, detail::from_bits(detail::bits(a) ^ sign));
}

EPS_HD float cos(float x) {
    const auto [s, c, k] = detail::reduce_quarters(x);
    const float a = static_cast<float>((k & 1) != 0 ? s : c);
    const uint32_t sign = static_cast<uint32_t>((k + 1) & 2) << 30;
    return detail::if_finite(x, detail::from_bits(detail::bits(a) ^ sign));
}

EPS_HD float tan(float x) {
    const auto [s, c, k] = detail::reduce_quarters(x);
    const bool odd = (k & 1) != 0;
    const float a = static_cast<float>((odd ? -c : s) / (odd ? s : c));
    return detail::if_finite(x,
                             detail::from_bits(detail::bits(a) ^ (detail::bits(x) & 0x80000000u)));
}

#endif

}  // namespace eps::math
