#pragma once
// Loops of tensor/contract/loop.h as kernel parameters. A thread has one linear index i and needs
// the offset of each operand there. With dimension 0 the innermost one,
//
//     offset = sum_d  ((i / (size_0 ... size_{d-1})) mod size_d)  *  stride_d
//
// Shapes and strides are passed by value with the launch, not through device memory: there is
// nothing to allocate or to wait for, and a captured graph contains them.
#include <cstdint>
#include <limits>

#include "cuda/runtime/divisor.h"
#include "tensor/contract/loop.h"

namespace eps::kernels::cuda {

/// A loop over fewer than 2^31 indices. Offset is int32_t if the memory of each operand is small
/// enough for it, which halves the arithmetic.
template <int N, class Offset = std::int32_t> struct Strided {
    int rank = 0;
    std::uint32_t count = 1;
    Divisor sizes[kMaxRank];  // innermost first
    Offset strides[N][kMaxRank] = {};

    explicit Strided(const Loop<N>& loop) : rank(loop.rank) {
        for (int d = 0; d < rank; ++d) {
            const auto from = static_cast<std::size_t>(rank - 1 - d);
            sizes[d] = Divisor(static_cast<std::uint32_t>(loop.sizes[from]));
            count *= static_cast<std::uint32_t>(loop.sizes[from]);
            for (int k = 0; k < N; ++k)
                strides[k][d] =
                    static_cast<Offset>(loop.strides[static_cast<std::size_t>(k)][from]);
        }
    }

    struct Offsets {
        Offset of[N];
    };
    __device__ Offsets at(std::uint32_t i) const {
        Offsets offsets = {};
#pragma unroll 1
        for (int d = 0; d < rank; ++d) {
            // The outermost dimension needs no division.
            const std::uint32_t above = d + 1 < rank ? sizes[d].divide(i) : 0;
            const auto here = static_cast<Offset>(i - above * sizes[d].size);
#pragma unroll
            for (int k = 0; k < N; ++k) offsets.of[k] += here * strides[k][d];
            i = above;
        }
        return offsets;
    }
};

/// The number of indices of a loop.
template <int N> std::int64_t count_of(const Loop<N>& loop) {
    return loop.outer_count() * loop.inner_size();
}

/// True if the loop is one contiguous run of every operand whose bit is set.
template <int N> bool is_flat(const Loop<N>& loop, std::uint32_t operands) {
    if (loop.rank > 1) return false;
    for (int k = 0; k < N; ++k)
        if ((operands >> k & 1u) && loop.inner_stride(static_cast<std::size_t>(k)) != 1)
            return false;
    return true;
}

/// Turns a loop over elements into one over vectors of `width` elements. Returns false, and changes
/// nothing, unless every operand is contiguous along the innermost dimension and all its other
/// strides are multiples of `width`.
template <int N> bool in_vectors(Loop<N>& loop, std::int64_t width) {
    if (loop.rank == 0 || loop.inner_size() % width != 0) return false;
    const auto last = static_cast<std::size_t>(loop.rank - 1);
    for (std::size_t k = 0; k < N; ++k) {
        if (loop.strides[k][last] != 1) return false;
        for (std::size_t d = 0; d < last; ++d)
            if (loop.strides[k][d] % width != 0) return false;
    }
    loop.sizes[last] /= width;
    for (auto& strides : loop.strides) strides[last] *= width;
    return true;
}

/// The offset at which each operand of a piece begins, in elements.
template <int N> struct Bases {
    std::int64_t of[N] = {};
};

/// Calls launch(Strided<N>, Bases<N>) for pieces of the loop that are small enough for 32-bit
/// offsets, so that no kernel need be compiled a second time for 64 bits. Each cut halves the
/// dimension that spans the most memory in any operand, so few cuts are enough.
template <int N, class Launch>
void in_32_bits(const Loop<N>& loop, const Bases<N>& base, const Launch& launch) {
    constexpr std::int64_t limit = std::numeric_limits<std::int32_t>::max();
    bool fits = true;
    std::size_t farthest = 0;
    std::int64_t farthest_reach = -1;
    for (std::size_t k = 0; k < N; ++k) {
        std::int64_t total = 0;
        for (std::size_t d = 0; d < static_cast<std::size_t>(loop.rank); ++d) {
            const std::int64_t reach = (loop.sizes[d] - 1) * std::abs(loop.strides[k][d]);
            total += reach;
            if (reach > farthest_reach) {
                farthest_reach = reach;
                farthest = d;
            }
        }
        // This holds for operand 0, the output, too, so the number of indices fits as well.
        fits = fits && total < limit;
    }
    if (fits) return launch(Strided<N>(loop), base);
    Loop<N> first = loop, second = loop;
    first.sizes[farthest] = loop.sizes[farthest] / 2;
    second.sizes[farthest] = loop.sizes[farthest] - first.sizes[farthest];
    Bases<N> second_base = base;
    for (std::size_t k = 0; k < N; ++k)
        second_base.of[k] += first.sizes[farthest] * loop.strides[k][farthest];
    in_32_bits(first, base, launch);
    in_32_bits(second, second_base, launch);
}

}  // namespace eps::kernels::cuda
