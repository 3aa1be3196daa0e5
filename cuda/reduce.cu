// sum, max, min over any dimensions. No atomics: who adds what to what depends on shape and strides alone, never on timing, so every
// run gives the same bits.
//
// One kernel in two orientations. A block of 256 threads holds several outputs and several lanes for each of them; a lane walks its
// share of the reduced elements, then the lanes meet in a binary tree in shared memory.
//
//   along rows     the reduced elements are neighbours in memory: lanes are threadIdx.x
//   along columns  the outputs are neighbours in memory:          outputs are threadIdx.x
//
// Few outputs would leave most of the GPU idle: the reduced range is then cut into chunks (gridDim.y), whose results are themselves
// reduced along columns by a second launch.
#include <algorithm>
#include <bit>
#include <limits>

#include "cuda/context.h"
#include "cuda/lines.cuh"
#include "tensor/create.h"
#include "tensor/kernels.h"

namespace eps::kernels::cuda {
namespace {

template <Reduction R, class T>
struct Combine {
    static T identity() {
        using Limits = std::numeric_limits<T>;
        if constexpr (R == Reduction::sum) return T(0);
        else if constexpr (R == Reduction::max) return Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest();
        else return Limits::has_infinity ? Limits::infinity() : Limits::max();
    }
    __device__ T operator()(T a, T b) const {
        if constexpr (R == Reduction::sum) return static_cast<T>(a + b);
        else if constexpr (R == Reduction::max) return math::max(a, b);  // NaN wins
        else return math::min(a, b);
    }
};

// out[chunk][o] = reduction of src over the chunk's part of the reduced range.
template <class Op, class T, bool AlongRows>
__global__ void __launch_bounds__(kBlock)
reduce_kernel(T* out, const T* src, T identity, const __grid_constant__ Lines<1> kept, const __grid_constant__ Lines<1> reduced,
              std::uint32_t chunk) {
    const Op combine;
    const unsigned lane = AlongRows ? threadIdx.x : threadIdx.y;
    const unsigned lanes = AlongRows ? blockDim.x : blockDim.y;  // a power of two
    const unsigned o = AlongRows ? blockIdx.x * blockDim.y + threadIdx.y : blockIdx.x * blockDim.x + threadIdx.x;

    T a[4] = {identity, identity, identity, identity};  // four sums in flight hide the latency of the loads
    if (o < kept.count) {
        const T* const from = src + kept.at(o).of[0];
        const std::uint32_t end = min((blockIdx.y + 1) * chunk, reduced.count);
        std::uint32_t r = blockIdx.y * chunk + lane;
        for (; r + 3 * lanes < end; r += 4 * lanes)
#pragma unroll
            for (unsigned k = 0; k < 4; ++k) a[k] = combine(a[k], from[reduced.at(r + k * lanes).of[0]]);
        for (; r < end; r += lanes) a[0] = combine(a[0], from[reduced.at(r).of[0]]);
    }

    __shared__ T partial[kBlock];
    const unsigned here = threadIdx.y * blockDim.x + threadIdx.x;
    const unsigned next = AlongRows ? 1 : blockDim.x;  // distance to the next lane of the same output
    partial[here] = combine(combine(a[0], a[1]), combine(a[2], a[3]));
    for (unsigned half = lanes / 2; half > 0; half /= 2) {
        __syncthreads();
        if (lane < half) partial[here] = combine(partial[here], partial[here + half * next]);
    }
    if (lane == 0 && o < kept.count) out[std::size_t{blockIdx.y} * kept.count + o] = partial[here];
}

// Thread layout and number of chunks: functions of the shape alone.
struct Plan {
    bool along_rows;
    dim3 block;
    unsigned columns;  // blocks over outputs
    unsigned chunks;
};
Plan make_plan(std::int64_t outputs, std::int64_t reduced, bool along_rows) {
    constexpr std::int64_t kEnoughBlocks = 512, kLeastSteps = 16;  // a few blocks for each multiprocessor; steps of a lane worth a chunk
    const auto lanes = static_cast<unsigned>(
        along_rows ? std::clamp<std::int64_t>(static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(reduced)) / 4), 1, kBlock)
                   : kBlock / std::min<std::int64_t>(32, static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(outputs)))));
    const unsigned across = kBlock / lanes;
    const unsigned columns = blocks_for(outputs, static_cast<int>(across));
    const std::int64_t wanted = (kEnoughBlocks + columns - 1) / columns;
    const std::int64_t most = std::max<std::int64_t>(1, reduced / (lanes * kLeastSteps));
    return {along_rows, along_rows ? dim3(lanes, across) : dim3(across, lanes), columns, static_cast<unsigned>(std::min(wanted, most))};
}

template <class Op, class T>
void launch(T* out, const T* src, T identity, const Loop<1>& kept, const Loop<1>& reduced, const Plan& plan) {
    const auto chunk = static_cast<std::uint32_t>((count_of(reduced) + plan.chunks - 1) / plan.chunks);
    const auto kernel = plan.along_rows ? reduce_kernel<Op, T, true> : reduce_kernel<Op, T, false>;
    kernel<<<dim3(plan.columns, plan.chunks), plan.block, 0, stream()>>>(out, src, identity, Lines<1>(kept), Lines<1>(reduced), chunk);
    check_launch("reduce");
}

Loop<1> run_of(std::int64_t count, std::int64_t stride) {
    Loop<1> loop;
    loop.rank = 1;
    loop.sizes[0] = count;
    loop.strides[0][0] = stride;
    return loop;
}

template <Reduction R, class T>
void reduce_typed(Tensor& out, const Tensor& src, const Loop<1>& kept, const Loop<1>& reduced) {
    using Op = Combine<R, T>;
    const T identity = Op::identity();
    T* const to = static_cast<T*>(out.raw_data());
    const T* const from = static_cast<const T*>(src.raw_data());
    const std::int64_t outputs = count_of(kept), each = count_of(reduced);
    const bool along_rows = outputs == 1 || std::abs(reduced.inner_stride(0)) <= std::abs(kept.inner_stride(0));
    Plan plan = make_plan(outputs, each, along_rows);
    if (plan.chunks == 1) return launch<Op>(to, from, identity, kept, reduced, plan);

    const Storage partial(static_cast<std::size_t>(outputs) * plan.chunks * sizeof(T), out.device());
    T* const between = static_cast<T*>(partial.data());
    launch<Op>(between, from, identity, kept, reduced, plan);
    Plan second = make_plan(outputs, plan.chunks, outputs == 1);
    second.chunks = 1;
    launch<Op>(to, static_cast<const T*>(between), identity, run_of(outputs, 1), run_of(plan.chunks, outputs), second);
}

}  // namespace

void reduce(Reduction reduction, Tensor& out, const Tensor& src, const Dims& dims) {
    if (out.numel() == 0) return;
    // The source seen twice: the dimensions that stay, and those that go.
    const Tensor x = cast_data(src, out.dtype());  // bool and u8 are summed as i64
    Shape kept_shape = x.shape(), reduced_shape = x.shape();
    for (int d = 0; d < x.rank(); ++d) (dims.contains(d) ? kept_shape : reduced_shape)[d] = 1;
    const Tensor kept = x.as_strided(kept_shape, x.strides(), x.offset());
    const Tensor reduced = x.as_strided(reduced_shape, x.strides(), x.offset());
    check_count(std::max(kept.numel(), reduced.numel()), "reduce");

    visit_number(out.dtype(), [&]<class T>() {
        // Outputs in the order of out's memory, so that output o is its o-th element.
        const auto order = plan_loop<2>({&out, &kept});
        Loop<1> outputs;
        outputs.rank = order.rank;
        outputs.sizes = order.sizes;
        outputs.strides[0] = order.strides[1];
        const auto inside = plan_loop<1>({&reduced});
        switch (reduction) {
            case Reduction::sum: return reduce_typed<Reduction::sum, T>(out, x, outputs, inside);
            case Reduction::max: return reduce_typed<Reduction::max, T>(out, x, outputs, inside);
            case Reduction::min: return reduce_typed<Reduction::min, T>(out, x, outputs, inside);
        }
    });
}

}  // namespace eps::kernels::cuda
