#pragma once
// The tile: the innermost piece of every matrix product and convolution. It keeps kTileRows x
// (kTileVectors registers) of the result in registers and adds up, step by step, a column of A
// times a row of B:
//
//     C[i][j] (+)= sum_p A[i][p] B[p][j]
//
// Each step loads kTileVectors registers of B and broadcasts one number of A a row, for kTileRows *
// kTileVectors multiply-adds: few enough loads that the multipliers never wait. Every element is
// the same sequence of fused multiply-adds in ascending p, whatever the tile it falls in: how a
// product is cut, and among how many threads, never changes a bit.
#include <array>
#include <cstdint>

#include "cpu/runtime/vector.h"

namespace eps::kernels::cpu {

inline constexpr int kTileVectors = 2;
// Accumulators fill the register file, but for the row of B and a number of A.
inline constexpr int kTileRows = (kVectorRegisters - kTileVectors - 1) / kTileVectors / 3 * 3;
template <class T> inline constexpr int kTileColumns = kTileVectors* kLanes<T>;

/// The sum of one tile. p runs over `segments` runs of `length` steps: a plain product has one, a
/// convolution one for each line it reads. Of a_row and a_step one is 1, as the tile function
/// demands that was asked for; rows of B are contiguous.
template <class T> struct TileSum {
    const T* a;
    std::int64_t a_row, a_step, a_segment = 0;
    const T* b;
    std::int64_t b_step, b_segment = 0;
    std::int64_t length, segments = 1;
};

/// Along which of its dimensions A is contiguous.
enum class Along { steps, rows };

template <class T>
using TileFunction = void (*)(const TileSum<T>& sum, T* c, std::int64_t c_row, int columns,
                              bool accumulate);

/// A tile of every height, `narrow` of one register of columns and `wide` of kTileVectors. They are
/// compiled once, in tile.cpp.
template <class T, Along along> struct TileFunctions {
    static const std::array<TileFunction<T>, kTileRows> narrow, wide;
};

/// Computes `rows` <= kTileRows by `columns` <= kTileColumns of C. Whole registers of B are read,
/// and what lies in them past `columns` is not used.
template <class T, Along along>
inline void run_tile(const TileSum<T>& sum, int rows, int columns, T* c, std::int64_t c_row,
                     bool accumulate) {
    using Functions = TileFunctions<T, along>;
    (columns > kLanes<T> ? Functions::wide : Functions::narrow)[static_cast<std::size_t>(rows - 1)](
        sum, c, c_row, columns, accumulate);
}

}  // namespace eps::kernels::cpu
