#pragma once
// The position in a stream of random numbers from which a kernel draws, and what it draws.
#include <cstdint>

#include "tensor/scalar/hd.h"

namespace eps::kernels {

/// A position in the stream of Philox4x32-10 under the key `seed`: block first(). In a captured
/// step `base` points to memory of the device that holds how far the stream had come when the step
/// began; each replay advances it.
struct PhiloxState {
    std::uint64_t seed;
    std::uint64_t counter;
    const std::uint64_t* base = nullptr;
    EPS_HD std::uint64_t first() const { return counter + (base ? *base : 0); }
};

enum class Distribution : std::uint8_t { uniform, normal, bernoulli, randint };

}  // namespace eps::kernels
