#pragma once
// Philox4x32-10: random numbers as a function of a counter. Block n of a stream is computed from n
// and the key alone, so every device and any number of threads gives the same numbers.
// Source: Salmon et al. 2011.
#include <cstdint>

#include "tensor/scalar/functions.h"

namespace eps::math {

struct Words4 {
    std::uint32_t w[4];
};

/// Ten rounds over a 128-bit counter under a 64-bit key.
EPS_HD constexpr Words4 philox(Words4 counter, std::uint32_t key0, std::uint32_t key1) {
    std::uint32_t c0 = counter.w[0], c1 = counter.w[1], c2 = counter.w[2], c3 = counter.w[3];
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0,
                            p1 = std::uint64_t{0xCD9E8D57} * c2;
        c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ key0;
        c1 = static_cast<std::uint32_t>(p1);
        c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ key1;
        c3 = static_cast<std::uint32_t>(p0);
        key0 += 0x9E3779B9;
        key1 += 0xBB67AE85;
    }
    return {{c0, c1, c2, c3}};
}

/// Block `counter` of the stream `seed`.
EPS_HD constexpr Words4 philox_block(std::uint64_t seed, std::uint64_t counter) {
    return philox(
        {{static_cast<std::uint32_t>(counter), static_cast<std::uint32_t>(counter >> 32), 0, 0}},
        static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

/// The upper 24 bits as a multiple of 2^-24 in [0, 1).
EPS_HD constexpr float uniform_f32(std::uint32_t word) {
    return static_cast<float>(static_cast<std::int32_t>(word >> 8)) * 0x1p-24f;
}
/// 53 bits of two words as a multiple of 2^-53 in [0, 1).
EPS_HD constexpr double uniform_f64(std::uint32_t high, std::uint32_t low) {
    return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

/// Two independent standard normals from two words. The radius uses 1 - u, which is never 0.
/// Source: Box & Muller 1958.
EPS_HD void normal_pair_f32(std::uint32_t a, std::uint32_t b, float& first, float& second) {
    const float radius = sqrt(-2.0f * log(1.0f - uniform_f32(a)));
    float s, c;
    sincos_2pi(uniform_f32(b), s, c);
    first = radius * c;
    second = radius * s;
}
/// The same in f64, from four words.
EPS_HD void normal_pair_f64(const Words4& words, double& first, double& second) {
    const double radius = sqrt(-2.0 * log(1.0 - uniform_f64(words.w[0], words.w[1])));
    const double angle = 6.283185307179586 * uniform_f64(words.w[2], words.w[3]);
    first = radius * cos(angle);
    second = radius * sin(angle);
}

}  // namespace eps::math
