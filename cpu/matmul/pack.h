#pragma once
// Packing: a strip of a matrix, Width rows or columns, in the order in which tiles read it.
#include <algorithm>
#include <cstdint>

#include "cpu/runtime/vector.h"

namespace eps::kernels::cpu {

/// to[p Width + q] = from[p step + q lane] for p < steps and q < lanes; 0 for lanes <= q < Width.
template <class T, int Width>
void pack_strip(T* __restrict to, const T* __restrict from, std::int64_t step, std::int64_t lane,
                std::int64_t steps, int lanes) {
    constexpr int n = kLanes<T>;
    // The elements of a step are contiguous.
    if (lane == 1 && lanes == Width) {
        for (std::int64_t p = 0; p < steps; ++p)
            std::copy_n(from + p * step, Width, to + p * Width);
        return;
    }
    // The steps of a lane are contiguous: transpose blocks in registers.
    std::int64_t p = 0;
    if (Width % n == 0 && step == 1 && lanes == Width) {
        for (; p + n <= steps; p += n)
            for (int q = 0; q < Width; q += n) {
                Vector<T> block[n];
#pragma GCC unroll 16
                for (int i = 0; i < n; ++i) block[i] = load(from + p + (q + i) * lane);
                transpose_block<T>(block);
#pragma GCC unroll 16
                for (int i = 0; i < n; ++i) store(to + (p + i) * Width + q, block[i]);
            }
    }
    // All others, and the rest of those.
    for (; p < steps; ++p)
        for (int q = 0; q < Width; ++q)
            to[p * Width + q] = q < lanes ? from[p * step + q * lane] : T(0);
}

}  // namespace eps::kernels::cpu
