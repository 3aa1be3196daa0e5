#pragma once
// Threads that share a line: a warp, of which a block has several, or a whole block for long lines.
// Sums and maxima over a team are a tree that is the same every run, and every thread gets the
// result.
#include "cuda/runtime/context.h"

namespace eps::kernels::cuda {

inline constexpr int kWarpSize = 32;

/// Team<kWarpSize> or Team<kBlock>, in blocks of kBlock threads. All threads of a team must come to
/// each combination.
template <int Threads> struct Team {
    static constexpr int kTeams = kBlock / Threads;  // of a block
    static constexpr int kThreads = Threads;

    static __device__ int lane() { return static_cast<int>(threadIdx.x) % Threads; }
    /// Number of this team's line.
    static __device__ std::uint32_t line() { return blockIdx.x * kTeams + threadIdx.x / Threads; }

    template <class T, class F> static __device__ T combine(T mine, const F& f) {
#pragma unroll
        for (int distance = kWarpSize / 2; distance > 0; distance /= 2)
            mine = f(mine, __shfl_xor_sync(~0u, mine, distance));
        if constexpr (Threads > kWarpSize) {
            constexpr int warps = Threads / kWarpSize;
            __shared__ T memory[warps];
            if (threadIdx.x % kWarpSize == 0) memory[threadIdx.x / kWarpSize] = mine;
            __syncthreads();
            mine = memory[0];
            for (int warp = 1; warp < warps; ++warp) mine = f(mine, memory[warp]);
            __syncthreads();  // the next combination may write
        }
        return mine;
    }
    template <class T> static __device__ T sum(T mine) {
        return combine(mine, [](T a, T b) { return a + b; });
    }
    /// NaN loses.
    template <class T> static __device__ T max(T mine) {
        return combine(mine, [](T a, T b) { return b > a ? b : a; });
    }
};

/// Calls f.template operator()<Team>(blocks) with the team for lines of this length.
template <class F> void with_team(std::int64_t lines, std::int64_t length, const F& f) {
    if (length <= 32 * kWarpSize)
        f.template operator()<Team<kWarpSize>>(blocks_for(lines, kBlock / kWarpSize));
    else
        f.template operator()<Team<kBlock>>(static_cast<unsigned>(lines));
}

}  // namespace eps::kernels::cuda
