#pragma once
// Reductions over a team of threads that share a line of elements: a warp, of which a block has
// several, or a whole block for long lines. The tree of a reduction is the same in every run, and
// every thread of the team gets the result.
#include "cuda/runtime/context.h"

namespace eps::kernels::cuda {

inline constexpr int kWarpSize = 32;

/// Team<kWarpSize> or Team<kBlock>, in blocks of kBlock threads. All threads of a team must reach
/// each reduction together.
template <int Threads> struct Team {
    static constexpr int kTeams = kBlock / Threads;  // teams of a block
    static constexpr int kThreads = Threads;

    /// The thread's number in its team.
    static __device__ int lane() { return static_cast<int>(threadIdx.x) % Threads; }
    /// The number of this team's line.
    static __device__ std::uint32_t line() { return blockIdx.x * kTeams + threadIdx.x / Threads; }

    template <class T, class F> static __device__ T reduce(T mine, const F& f) {
        // within a warp, by shuffles
#pragma unroll
        for (int distance = kWarpSize / 2; distance > 0; distance /= 2)
            mine = f(mine, shuffled(mine, distance));
        // over the warps, in shared memory
        if constexpr (Threads > kWarpSize) {
            constexpr int warps = Threads / kWarpSize;
            __shared__ T memory[warps];
            if (threadIdx.x % kWarpSize == 0) memory[threadIdx.x / kWarpSize] = mine;
            __syncthreads();
            mine = memory[0];
            for (int warp = 1; warp < warps; ++warp) mine = f(mine, memory[warp]);
            __syncthreads();  // the next reduction writes the same memory
        }
        return mine;
    }
    template <class T> static __device__ T sum(T mine) {
        return reduce(mine, [](T a, T b) { return a + b; });
    }
    /// The largest value. A NaN is ignored unless it is the first.
    template <class T> static __device__ T max(T mine) {
        return reduce(mine, [](T a, T b) { return b > a ? b : a; });
    }

private:
    /// The value of the lane whose number differs in the bits of `distance`. A struct of 4-byte or
    /// 8-byte words is exchanged word by word.
    template <class T> static __device__ T shuffled(T mine, int distance) {
        if constexpr (std::is_arithmetic_v<T>) {
            return __shfl_xor_sync(~0u, mine, distance);
        } else {
            static_assert(sizeof(T) % sizeof(std::uint32_t) == 0);
            constexpr int words = sizeof(T) / sizeof(std::uint32_t);
            std::uint32_t bits[words];
            memcpy(bits, &mine, sizeof(T));
#pragma unroll
            for (int i = 0; i < words; ++i) bits[i] = __shfl_xor_sync(~0u, bits[i], distance);
            memcpy(&mine, bits, sizeof(T));
            return mine;
        }
    }
};

/// Calls f.template operator()<Team>(blocks) with the team that suits lines of this length.
template <class F> void with_team(std::int64_t lines, std::int64_t length, const F& f) {
    if (length <= 32 * kWarpSize)
        f.template operator()<Team<kWarpSize>>(blocks_for(lines, kBlock / kWarpSize));
    else
        f.template operator()<Team<kBlock>>(static_cast<unsigned>(lines));
}

}  // namespace eps::kernels::cuda
