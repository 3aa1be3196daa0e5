#pragma once
// The tile: the innermost piece of every matrix product and convolution. It keeps kTileRows rows by
// kTileVectors registers of the result in registers and adds up, step by step, a column of A times
// a row of B:
//
//     C[i][j] (+)= sum_p A[i][p] B[p][j]
//
// Why this shape: each step loads kTileVectors registers of B and broadcasts one element of A for
// each row, for kTileRows * kTileVectors multiply-adds. These are few enough loads that the
// multipliers never wait, and as many accumulators as the register file holds.
// Why the bits never change: every element is the same sequence of fused multiply-adds in ascending
// p, whichever tile it falls into. So it does not matter how a product is cut, nor among how many
// threads.
// Source: Goto & van de Geijn 2008; Van Zee & van de Geijn 2015 (BLIS) call it the micro-kernel.
#include <array>
#include <cstdint>

#include "cpu/runtime/vector.h"

namespace eps::kernels::cpu {

inline constexpr int kTileVectors = 2;
// The accumulators fill the register file, save for the row of B and one element of A.
inline constexpr int kTileRows = (kVectorRegisters - kTileVectors - 1) / kTileVectors / 3 * 3;
template <class T> inline constexpr int kTileColumns = kTileVectors* kLanes<T>;

/// The operands of one tile. p runs over `segments` runs of `length` steps: a plain product has one
/// run, a convolution one for each line that it reads. One of a_row and a_step must be 1, as
/// `Along` says; the rows of B are contiguous.
template <class T> struct TileSum {
    const T* a;  // element (i, p): a[i a_row + p a_step]
    std::int64_t a_row, a_step, a_segment = 0;
    const T* b;  // element (p, j): b[p b_step + j]
    std::int64_t b_step, b_segment = 0;
    std::int64_t length, segments = 1;
};

/// The dimension of A that is contiguous: p or i.
enum class Along { steps, rows };

template <class T>
using TileFunction = void (*)(const TileSum<T>& sum, T* c, std::int64_t c_row, int columns,
                              bool accumulate);

/// One function for every height of a tile; `narrow` tiles have one register of columns, `wide`
/// ones kTileVectors. They are compiled in tile.cpp.
template <class T, Along along> struct TileFunctions {
    static const std::array<TileFunction<T>, kTileRows> narrow, wide;
};
extern template struct TileFunctions<float, Along::steps>;
extern template struct TileFunctions<float, Along::rows>;
extern template struct TileFunctions<double, Along::steps>;
extern template struct TileFunctions<double, Along::rows>;

/// Computes `rows` <= kTileRows by `columns` <= kTileColumns of C. Reads whole registers of B, and
/// ignores their elements past `columns`.
template <class T, Along along>
inline void run_tile(const TileSum<T>& sum, int rows, int columns, T* c, std::int64_t c_row,
                     bool accumulate) {
    using Functions = TileFunctions<T, along>;
    (columns > kLanes<T> ? Functions::wide : Functions::narrow)[static_cast<std::size_t>(rows - 1)](
        sum, c, c_row, columns, accumulate);
}

}  // namespace eps::kernels::cpu
