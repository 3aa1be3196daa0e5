#pragma once
// The tile: the innermost piece of every matrix product and convolution. It keeps kTileRows x (kTileVectors registers) of the result in
// registers and adds up, step by step, a column of A times a row of B:
//
//     C[i][j] (+)= sum_p A[i][p] B[p][j]
//
// Each step loads kTileVectors registers of B and broadcasts one number of A a row, for kTileRows * kTileVectors multiply-adds: few
// enough loads that the multipliers never wait. Every element is the same sequence of fused multiply-adds in ascending p, whatever the
// tile it falls in: how a product is cut, and among how many threads, never changes a bit.
#include <array>
#include <cstdint>
#include <utility>

#include "tensor/cpu/vector.h"

namespace eps::kernels::cpu {

inline constexpr int kTileVectors = 2;
// Accumulators fill the register file, but for the row of B and a number of A.
inline constexpr int kTileRows = (kVectorRegisters - kTileVectors - 1) / kTileVectors / 3 * 3;
template <class T> inline constexpr int kTileColumns = kTileVectors * kLanes<T>;

/// How many pieces of length b cover a.
inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// The sum of one tile. p runs over `segments` runs of `length` steps: a plain product has one, a convolution one for each line it reads.
/// Of a_row and a_step one is 1, as the tile function demands that was asked for; rows of B are contiguous.
template <class T>
struct TileSum {
    const T* a;
    std::int64_t a_row, a_step, a_segment = 0;
    const T* b;
    std::int64_t b_step, b_segment = 0;
    std::int64_t length, segments = 1;
};

/// Along which of its dimensions A is contiguous.
enum class Along { steps, rows };

template <class T, int Rows, int Vectors, Along along>
void tile(const TileSum<T>& sum, T* __restrict c, std::int64_t c_row, int columns, bool accumulate) {
    // Many rows are found from a pointer to every fourth: so many multiples of a_row do not fit into the registers.
    constexpr int lanes = kLanes<T>, group = Rows > 8 ? 4 : Rows, groups = (Rows + group - 1) / group;
    Vector<T> total[Rows][Vectors];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) total[i][j] = Vector<T>{};

    const std::int64_t a_row = along == Along::rows ? 1 : sum.a_row, a_step = along == Along::steps ? 1 : sum.a_step, b_step = sum.b_step;
    for (std::int64_t segment = 0; segment < sum.segments; ++segment) {
        const T* __restrict a[groups];
        for (int i = 0; i < groups; ++i) a[i] = sum.a + segment * sum.a_segment + i * group * a_row;
        const T* __restrict b = sum.b + segment * sum.b_segment;
        for (std::int64_t p = 0; p < sum.length; ++p, b += b_step) {
            Vector<T> row[Vectors];
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j) row[j] = load(b + j * lanes);
#pragma GCC unroll 16
            for (int i = 0; i < Rows; ++i) {
                const Vector<T> x = broadcast(a[i / group][i % group * a_row]);
#pragma GCC unroll 4
                for (int j = 0; j < Vectors; ++j) total[i][j] += x * row[j];
            }
#pragma GCC unroll 4
            for (int i = 0; i < groups; ++i) a[i] += a_step;
        }
    }

    if (columns == Vectors * lanes) {
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
            for (int j = 0; j < Vectors; ++j) {
                T* const target = c + i * c_row + j * lanes;
                store(target, accumulate ? load(target) + total[i][j] : total[i][j]);
            }
        return;
    }
    T line[Vectors * lanes];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) store(line + j * lanes, total[i][j]);
        T* const target = c + i * c_row;
        for (int j = 0; j < columns; ++j) target[j] = accumulate ? target[j] + line[j] : line[j];
    }
}

template <class T> using TileFunction = void (*)(const TileSum<T>& sum, T* c, std::int64_t c_row, int columns, bool accumulate);

template <class T, int Vectors, Along along, int... Row>
constexpr std::array<TileFunction<T>, kTileRows> tile_functions(std::integer_sequence<int, Row...>) {
    return {tile<T, Row + 1, Vectors, along>...};
}

/// Computes `rows` <= kTileRows by `columns` <= kTileColumns of C. Whole registers of B are read, and what lies in them past `columns` is
/// not used.
template <class T, Along along>
inline void run_tile(const TileSum<T>& sum, int rows, int columns, T* c, std::int64_t c_row, bool accumulate) {
    static constexpr auto narrow = tile_functions<T, 1, along>(std::make_integer_sequence<int, kTileRows>());
    static constexpr auto wide = tile_functions<T, kTileVectors, along>(std::make_integer_sequence<int, kTileRows>());
    (columns > kLanes<T> ? wide : narrow)[static_cast<std::size_t>(rows - 1)](sum, c, c_row, columns, accumulate);
}

}  // namespace eps::kernels::cpu
