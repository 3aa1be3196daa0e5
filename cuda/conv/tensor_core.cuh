#pragma once
// Matrix products on tensor cores from f32 in shared memory, by the PTX instructions mma.sync and
// cp.async of compute capability 8.0 and later.
//
// In an mma, each thread of a warp, lane = 4 g + t, holds some elements of the factors and of the
// result (PTX ISA, "Matrix Fragments for mma"):
//
//     sum [16, 8]    rows g and g + 8, columns 2 t and 2 t + 1
//     a   [16, k]    rows g and g + 8
//     b   [k, 8]     column g
//
// t decides which k it holds. The terms of a sum may come in any order, so we choose k: a thread
// takes four of every 16, the same four of a and b, in the order that is quickest to read, and
// assigns them to the operands of the instructions.
#include <cuda_runtime.h>

#include <cstdint>

#include "tensor/runtime/precision.h"

namespace eps::kernels::cuda {

/// Two numbers rounded to f16 or bf16, the first in the lower half.
template <Precision P> __device__ inline std::uint32_t rounded_pair(float low, float high) {
    std::uint32_t pair;
    if constexpr (P == Precision::f16)
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    else
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
    return pair;
}
__device__ inline std::uint32_t rounded_tf32(float x) {
    std::uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
    return bits;
}

/// A thread's four of 16 columns of a row of a factor, rounded once for all instructions that read
/// them.
template <Precision P> struct Fragment {
    std::uint32_t x[2];
    __device__ explicit Fragment(const float4& v)
        : x{rounded_pair<P>(v.x, v.y), rounded_pair<P>(v.z, v.w)} {}
};
template <> struct Fragment<Precision::tf32> {
    std::uint32_t x[4];
    __device__ explicit Fragment(const float4& v)
        : x{rounded_tf32(v.x), rounded_tf32(v.y), rounded_tf32(v.z), rounded_tf32(v.w)} {}
};

#define EPS_MMA(shape_and_types, sum, upper, lower, b, i)                                          \
    asm("mma.sync.aligned." shape_and_types                                                        \
        " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                         \
        : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])                                   \
        : "r"(upper.x[i]), "r"(lower.x[i]), "r"(upper.x[i + 1]), "r"(lower.x[i + 1]), "r"(b.x[i]), \
          "r"(b.x[i + 1]))

/// sum [16, 8] += a [16, 16] b [16, 8]: `upper` and `lower` are rows g and g + 8 of a.
template <Precision P>
__device__ inline void multiply_add(float (&sum)[4], const Fragment<P>& upper,
                                    const Fragment<P>& lower, const Fragment<P>& b) {
    if constexpr (P == Precision::f16) {
        EPS_MMA("m16n8k16.row.col.f32.f16.f16.f32", sum, upper, lower, b, 0);
    } else if constexpr (P == Precision::bf16) {
        EPS_MMA("m16n8k16.row.col.f32.bf16.bf16.f32", sum, upper, lower, b, 0);
    } else {
        EPS_MMA("m16n8k8.row.col.f32.tf32.tf32.f32", sum, upper, lower, b, 0);
        EPS_MMA("m16n8k8.row.col.f32.tf32.tf32.f32", sum, upper, lower, b, 2);
    }
}
#undef EPS_MMA

/// Begins to copy 16 bytes to shared memory or, unless `exists`, to write zeros; `from` is then not
/// read.
__device__ inline void copy_async(float* to, const float* from, bool exists) {
    const auto address = static_cast<std::uint32_t>(__cvta_generic_to_shared(to));
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from),
                 "r"(exists ? 16 : 0)
                 : "memory");
}
/// Ends a group of copies.
__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits until all of this thread's groups but the last `kPending` have arrived.
template <int kPending> __device__ inline void wait_for_copies() {
    asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
}

}  // namespace eps::kernels::cuda
