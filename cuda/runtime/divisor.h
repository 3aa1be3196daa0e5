#pragma once
// Division by a number that is known at launch.
#include <cstdint>

#include "tensor/scalar/hd.h"

namespace eps::kernels::cuda {

/// Computes n / d, n and d < 2^31, by a multiplication and a shift, because GPUs have no
/// instruction for integer division. Source: Granlund & Montgomery 1994, figure 4.1.
struct Divisor {
    std::uint32_t size = 1, magic = 1, shift = 0;
    Divisor() = default;
    explicit Divisor(std::uint32_t d) : size(d) {
        if (d == 0) return;  // the size of an empty loop, which never divides
        while ((std::uint64_t{1} << shift) < d) ++shift;
        magic = static_cast<std::uint32_t>((((std::uint64_t{1} << shift) - d) << 32) / d + 1);
    }
    EPS_HD std::uint32_t divide(std::uint32_t n) const {
        return (static_cast<std::uint32_t>(static_cast<std::uint64_t>(n) * magic >> 32) + n) >>
               shift;
    }
};

}  // namespace eps::kernels::cuda
