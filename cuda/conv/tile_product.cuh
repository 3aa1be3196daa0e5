#pragma once
// A block's tile of a product, [kRows, k] times [k, kColumns]. Both factors come through shared
// memory, 16 of k at a time, in kStages buffers, so that tensor cores work while later stages are
// copied. Each warp holds its part of the sums in registers.
#include "cuda/conv/tensor_core.cuh"

namespace eps::kernels::cuda {

inline constexpr int kDepth = 16;  // the part of k in a stage
inline constexpr int kStages = 4;

/// Each warp computes kWarpRows x kWarpColumns of the tile.
template <int kRows_, int kColumns_, int kWarpRows_, int kWarpColumns_> struct Tile {
    static constexpr int kRows = kRows_, kColumns = kColumns_, kWarpRows = kWarpRows_,
                         kWarpColumns = kWarpColumns_;
    static constexpr int kThreads = kRows / kWarpRows * (kColumns / kWarpColumns) * 32;
    static_assert(kRows == kColumns && kRows * 2 == kThreads,
                  "loaders deal two vectors of each factor to a thread");
};
using LargeTile = Tile<128, 128, 64, 32>;
using SmallTile = Tile<64, 64, 32, 32>;

/// Layout of a factor's stage in memory with k innermost. Threads read vectors of four k; eight
/// threads read all 32 banks.
struct DepthInnermost {
    static constexpr int floats(int rows) { return rows * kDepth; }
    static __device__ float4 read(const float* stage, int /*rows*/, int row, int t) {
        return *reinterpret_cast<const float4*>(stage + row * kDepth + 4 * t);
    }
};
/// Layout with k outermost. Rows of equal k are 8 words further apart than they are long, so that
/// the four t of a warp read different banks.
struct DepthOutermost {
    static constexpr int stride(int rows) { return rows + 8; }
    static constexpr int floats(int rows) { return stride(rows) * kDepth; }
    static __device__ float4 read(const float* stage, int rows, int row, int t) {
        const float* const at = stage + t * stride(rows) + row;
        return {at[0], at[4 * stride(rows)], at[8 * stride(rows)], at[12 * stride(rows)]};
    }
};

template <class T, class Layout>
inline constexpr int kStageFloats = Layout::floats(T::kRows) + Layout::floats(T::kColumns);
template <class T, class Layout>
inline constexpr std::size_t kSharedBytes = sizeof(float) * kStages* kStageFloats<T, Layout>;

/// A warp's part of the sums.
template <Precision P, class T, class Layout> class TileSum {
public:
    __device__ TileSum()
        : row_(static_cast<int>(threadIdx.x) / 32 / kAcross * T::kWarpRows),
          column_(static_cast<int>(threadIdx.x) / 32 % kAcross * T::kWarpColumns),
          g_(static_cast<int>(threadIdx.x) % 32 / 4),
          t_(static_cast<int>(threadIdx.x) % 4) {}

    /// Adds the product of a stage of both factors.
    __device__ void add(const float* a, const float* b) {
        const auto fragment = [&](const float* stage, int rows, int row) {
            return Fragment<P>(Layout::read(stage, rows, row + g_, t_));
        };
        union Columns {  // a union, because Fragment has no default constructor
            Fragment<P> at[T::kWarpColumns / 8];
            __device__ Columns() {}
        } columns;
#pragma unroll
        for (int j = 0; j < T::kWarpColumns / 8; ++j)
            columns.at[j] = fragment(b, T::kColumns, column_ + 8 * j);
#pragma unroll
        for (int i = 0; i < T::kWarpRows / 16; ++i) {
            const auto upper = fragment(a, T::kRows, row_ + 16 * i);
            const auto lower = fragment(a, T::kRows, row_ + 16 * i + 8);
#pragma unroll
            for (int j = 0; j < T::kWarpColumns / 8; ++j)
                multiply_add(sum_[i][j], upper, lower, columns.at[j]);
        }
    }

    /// Calls f(row, column, sum of column, sum of column + 1) for all sums that this thread holds.
    /// Row and column count within the tile.
    template <class F> __device__ void each_pair(const F& f) const {
#pragma unroll
        for (int i = 0; i < T::kWarpRows / 16; ++i)
#pragma unroll
            for (int half = 0; half < 2; ++half)
#pragma unroll
                for (int j = 0; j < T::kWarpColumns / 8; ++j)
                    f(row_ + 16 * i + 8 * half + g_, column_ + 8 * j + 2 * t_, sum_[i][j][2 * half],
                      sum_[i][j][2 * half + 1]);
    }

private:
    static constexpr int kAcross = T::kColumns / T::kWarpColumns;
    int row_, column_;  // the warp's corner in the tile
    int g_, t_;         // the thread's numbers in the warp: see tensor_core.cuh
    float sum_[T::kWarpRows / 16][T::kWarpColumns / 8][4] = {};
};

/// Adds up `steps` stages, at least one. load(a, b) begins to copy the next one.
template <class T, class Layout, class Sum, class Load>
__device__ void add_stages(Sum& sum, float* shared, int steps, Load& load) {
    const auto a_of = [&](int step) { return shared + step % kStages * kStageFloats<T, Layout>; };
    const auto b_of = [&](int step) { return a_of(step) + Layout::floats(T::kRows); };
    for (int step = 0; step < kStages - 1; ++step) {
        if (step < steps) load(a_of(step), b_of(step));
        commit_copies();
    }
    for (int step = 0; step < steps; ++step) {
        wait_for_copies<kStages - 2>();
        __syncthreads();  // this stage has arrived, and no thread reads the previous one any more
        if (const int next = step + kStages - 1; next < steps) load(a_of(next), b_of(next));
        commit_copies();
        sum.add(a_of(step), b_of(step));
    }
}

}  // namespace eps::kernels::cuda
