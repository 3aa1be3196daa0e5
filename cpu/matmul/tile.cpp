#include "cpu/matmul/tile.h"

#include <utility>

namespace eps::kernels::cpu {
namespace {

template <class T, int Rows, int Vectors, Along along>
void tile(const TileSum<T>& sum, T* __restrict c, std::int64_t c_row, int columns,
          bool accumulate) {
    // With many rows, a pointer to every fourth one finds them all: the multiples of a_row for all
    // rows would not fit into the registers.
    constexpr int lanes = kLanes<T>, group = Rows > 8 ? 4 : Rows;
    constexpr int groups = (Rows + group - 1) / group;

    // accumulators
    Vector<T> total[Rows][Vectors];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) total[i][j] = Vector<T>{};

    // sum over p
    const std::int64_t a_row = along == Along::rows ? 1 : sum.a_row;
    const std::int64_t a_step = along == Along::steps ? 1 : sum.a_step, b_step = sum.b_step;
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

    // store whole rows
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
    // store the first `columns` of each row
    T line[Vectors * lanes];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < Vectors; ++j) store(line + j * lanes, total[i][j]);
        T* const target = c + i * c_row;
        for (int j = 0; j < columns; ++j) target[j] = accumulate ? target[j] + line[j] : line[j];
    }
}

template <class T, int Vectors, Along along, int... Row>
constexpr std::array<TileFunction<T>, kTileRows> of_every_height(
    std::integer_sequence<int, Row...>) {
    return {tile<T, Row + 1, Vectors, along>...};
}

}  // namespace

template <class T, Along along>
const std::array<TileFunction<T>, kTileRows> TileFunctions<T, along>::narrow =
    of_every_height<T, 1, along>(std::make_integer_sequence<int, kTileRows>());
template <class T, Along along>
const std::array<TileFunction<T>, kTileRows> TileFunctions<T, along>::wide =
    of_every_height<T, kTileVectors, along>(std::make_integer_sequence<int, kTileRows>());

template struct TileFunctions<float, Along::steps>;
template struct TileFunctions<float, Along::rows>;
template struct TileFunctions<double, Along::steps>;
template struct TileFunctions<double, Along::rows>;

}  // namespace eps::kernels::cpu
