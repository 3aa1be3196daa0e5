// cumsum and argmax: each makes one pass along each line.
#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/contract/running_total.h"

namespace eps::kernels::cuda {
namespace {

// One thread walks each line. Operands: 0 out, 1 src.
template <class T>
__global__ void cumsum_kernel(T* out, const T* src, std::int64_t out_stride,
                              std::int64_t src_stride, std::int64_t length,
                              const __grid_constant__ Lines<2> lines) {
    const std::uint32_t line = blockIdx.x * blockDim.x + threadIdx.x;
    if (line >= lines.count) return;
    const auto at = lines.at(line);
    RunningTotal<T> total = 0;
    for (std::int64_t k = 0; k < length; ++k) {
        total += src[at.of[1] + k * src_stride];
        out[at.of[0] + k * out_stride] = static_cast<T>(total);
    }
}

// One warp walks each line, 32 elements at a time: it sums within the 32 by doubling distances
// (Hillis & Steele 1986) and carries the last sum on. For few long lines.
template <class T>
__global__ void cumsum_warp_kernel(T* out, const T* src, std::int64_t out_stride,
                                   std::int64_t src_stride, std::int64_t length,
                                   const __grid_constant__ Lines<2> lines) {
    const std::uint32_t line = (blockIdx.x * blockDim.x + threadIdx.x) / kWarpSize;
    const unsigned lane = threadIdx.x % kWarpSize;
    if (line >= lines.count) return;  // the whole warp leaves
    const auto at = lines.at(line);
    RunningTotal<T> carried = 0;
    for (std::int64_t first = 0; first < length; first += kWarpSize) {
        const std::int64_t k = first + lane;
        RunningTotal<T> sum = k < length ? src[at.of[1] + k * src_stride] : T(0);
        for (unsigned distance = 1; distance < kWarpSize; distance *= 2) {
            const RunningTotal<T> before = __shfl_up_sync(~0u, sum, distance);
            if (lane >= distance) sum += before;
        }
        sum += carried;
        if (k < length) out[at.of[0] + k * out_stride] = static_cast<T>(sum);
        carried = __shfl_sync(~0u, sum, kWarpSize - 1);
    }
}

// One warp searches each line for the largest sort key, or the smallest if `flip` is ~0. NaN wins
// both ways, as in max and min. Operands: 0 out, 1 src.
template <class T>
__global__ void argmax_kernel(std::int64_t* out, const T* src, std::int64_t stride,
                              std::int64_t length, std::uint64_t flip,
                              const __grid_constant__ Lines<2> lines) {
    const std::uint32_t line = (blockIdx.x * blockDim.x + threadIdx.x) / kWarpSize;
    const unsigned lane = threadIdx.x % kWarpSize;
    if (line >= lines.count) return;
    const auto at = lines.at(line);
    unsigned long long best = 0;
    long long where = length;  // nothing found yet
    for (std::int64_t k = lane; k < length; k += kWarpSize) {
        const T x = src[at.of[1] + k * stride];
        const std::uint64_t key = x != x ? ~std::uint64_t{0} : sort_key(x) ^ flip;
        if (where == length || key > best) {
            best = key;
            where = k;
        }
    }
    for (unsigned distance = kWarpSize / 2; distance > 0; distance /= 2) {
        const unsigned long long other = __shfl_down_sync(~0u, best, distance);
        const long long other_where = __shfl_down_sync(~0u, where, distance);
        // A lane without elements holds key 0 at `length`, and so loses every tie.
        if (other > best || (other == best && other_where < where)) {
            best = other;
            where = other_where;
        }
    }
    if (lane == 0) out[at.of[0]] = where;
}

// The offset of a line's last element, from which a negative stride walks it backwards.
std::int64_t end_of(const Tensor& x, int dim) { return (x.size(dim) - 1) * x.strides()[dim]; }

}  // namespace

void cumsum(Tensor& out, const Tensor& src, int dim, bool reverse) {
    if (out.numel() == 0) return;
    const Tensor out_starts = line_starts(out, dim), src_starts = line_starts(src, dim);
    check_count(out_starts.numel() * kWarpSize, "cumsum");
    const Lines<2> lines(plan_loop<2>({&out_starts, &src_starts}));
    const std::int64_t length = src.size(dim), direction = reverse ? -1 : 1;
    // Many lines keep all threads busy with one line each.
    const bool by_warp = length >= 2 * kWarpSize && lines.count < 16 * 1024;

    visit_number(out.dtype(), [&]<class T>() {
        T* const to = static_cast<T*>(out.raw_data()) + (reverse ? end_of(out, dim) : 0);
        const T* const from =
            static_cast<const T*>(src.raw_data()) + (reverse ? end_of(src, dim) : 0);
        const auto kernel = by_warp ? cumsum_warp_kernel<T> : cumsum_kernel<T>;
        kernel<<<blocks_for(std::int64_t{lines.count} * (by_warp ? kWarpSize : 1)), kBlock, 0,
                 stream()>>>(to, from, direction * out.strides()[dim],
                             direction * src.strides()[dim], length, lines);
        check_launch("cumsum");
    });
}

void argmax(Tensor& out, const Tensor& src, int dim, bool smallest) {
    if (out.numel() == 0) return;
    const Tensor src_starts = line_starts(src, dim);
    check_count(out.numel() * kWarpSize, "argmax");
    const Lines<2> lines(plan_loop<2>({&out, &src_starts}));
    visit_number(src.dtype(), [&]<class T>() {
        argmax_kernel<<<blocks_for(std::int64_t{lines.count} * kWarpSize), kBlock, 0, stream()>>>(
            static_cast<std::int64_t*>(out.raw_data()), static_cast<const T*>(src.raw_data()),
            src.strides()[dim], src.size(dim), smallest ? ~std::uint64_t{0} : 0, lines);
        check_launch("argmax");
    });
}

}  // namespace eps::kernels::cuda
