// sum, max and min over any dimensions. There are no atomics: the order of additions depends on
// shape, strides and alignment, never on timing, so every run gives the same bits.
//
// One kernel serves two orientations. A block of 256 threads holds several outputs, and several
// lanes for each of them. A lane reduces its share of the elements. Then the lanes of a warp are
// combined by shuffles, and the warps in shared memory.
//
//   along rows     the reduced elements are neighbours in memory: threadIdx.x counts lanes
//   along columns  the outputs are neighbours in memory:          threadIdx.x counts outputs
//
// Aligned neighbours are loaded as vectors. Along rows a lane reduces each component by itself, and
// the components at the end; along columns a thread holds neighbouring outputs. Below, "an output"
// or "an element" may be such a vector.
//
// Few outputs would leave most of the GPU idle. Then a long reduced range is cut into chunks
// (gridDim.y), whose results a second launch reduces.
#include <algorithm>
#include <bit>
#include <limits>

#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/team.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tensor/scalar/integer.h"

namespace eps::kernels::cuda {
namespace {

template <Reduction R, class T> struct Combine {
    static T identity() {
        using Limits = std::numeric_limits<T>;
        if constexpr (R == Reduction::sum)
            return T(0);
        else if constexpr (R == Reduction::max)
            return Limits::has_infinity ? static_cast<T>(-Limits::infinity()) : Limits::lowest();
        else
            return Limits::has_infinity ? Limits::infinity() : Limits::max();
    }
    __device__ T operator()(T a, T b) const {
        if constexpr (R == Reduction::sum)
            return static_cast<T>(a + b);
        else if constexpr (R == Reduction::max)
            return math::max(a, b);  // NaN wins
        else
            return math::min(a, b);
    }
};

/// The number of elements that a thread loads as one word.
template <class T> inline constexpr int kWide = std::min(kVector<T>, 4);

template <class Op, class T, int W>
__device__ Vector<T, W> both(Vector<T, W> a, const Vector<T, W>& b) {
#pragma unroll
    for (int w = 0; w < W; ++w) a.at[w] = Op()(a.at[w], b.at[w]);
    return a;
}

// Reduces all x[k] into x[0], in a tree.
template <class Op, int N, class T> __device__ void fold(T (&x)[N]) {
#pragma unroll
    for (int half = N / 2; half > 0; half /= 2)
#pragma unroll
        for (int k = 0; k < half; ++k) x[k] = Op()(x[k], x[k + half]);
}

// Combines the lanes of an output; its first lane gets the result. The lanes are `next` threads
// apart, within `span` neighbouring threads. Both are powers of two and the same for the whole
// block, and next is at most a warp. Every thread of the block must call this.
template <class Op, class T, int W>
__device__ Vector<T, W> over_lanes(Vector<T, W> mine, unsigned thread, unsigned next,
                                   unsigned span) {
    for (unsigned distance = next; distance < min(span, unsigned{kWarpSize}); distance *= 2) {
        Vector<T, W> other;
#pragma unroll
        for (int w = 0; w < W; ++w)
            other.at[w] = static_cast<T>(__shfl_xor_sync(~0u, mine.at[w], distance));
        mine = both<Op>(mine, other);
    }
    if (span <= kWarpSize) return mine;
    __shared__ Vector<T, W> partial[kBlock];
    partial[thread] = mine;
    __syncthreads();
    if (thread % span < next)
        for (unsigned warp = kWarpSize; warp < span; warp += kWarpSize)
            mine = both<Op>(mine, partial[thread + warp]);
    return mine;
}

// Reduces a lane's share of [begin, end): every lanes-th word from begin on. offset(i) is the
// offset of word i.
template <class Op, int W, class T, class Offset>
__device__ Vector<T, W> over_range(const T* from, std::uint32_t begin, std::uint32_t end,
                                   unsigned lanes, T identity, const Offset& offset) {
    using Word = Vector<T, W>;
    struct BothWords {
        __device__ Word operator()(const Word& a, const Word& b) const { return both<Op>(a, b); }
    };
    constexpr int kInFlight = W > 1 ? 4 : 8;  // loads in flight together
    Word nothing;
#pragma unroll
    for (int w = 0; w < W; ++w) nothing.at[w] = identity;
    Word mine = nothing;
    for (std::uint32_t r = begin; r < end; r += kInFlight * lanes) {
        Word x[kInFlight];
#pragma unroll
        for (int k = 0; k < kInFlight; ++k) {
            const std::uint32_t i = r + static_cast<unsigned>(k) * lanes;
            x[k] = nothing;  // past the end, in the last round
            if (i < end) x[k] = vector_at<W>(from + offset(i));
        }
        fold<BothWords>(x);
        mine = both<Op>(mine, x[0]);
    }
    return mine;
}

// out[chunk][o] = reduction of src over that chunk of the reduced range. Along rows `reduced`
// counts vectors of W elements, else `kept` does.
template <class Op, class T, bool AlongRows, int W>
__global__ void __launch_bounds__(kBlock)
    reduce_kernel(T* out, const T* src, T identity, const __grid_constant__ Lines<1> kept,
                  const __grid_constant__ Lines<1> reduced, std::uint32_t chunk) {
    const unsigned lane = AlongRows ? threadIdx.x : threadIdx.y;
    const unsigned lanes = AlongRows ? blockDim.x : blockDim.y;  // a power of two
    const unsigned o =
        AlongRows ? blockIdx.x * blockDim.y + threadIdx.y : blockIdx.x * blockDim.x + threadIdx.x;

    Vector<T, W> mine;
#pragma unroll
    for (int w = 0; w < W; ++w) mine.at[w] = identity;
    if (o < kept.count) {
        const T* const from = src + kept.at(o).of[0];
        const std::uint32_t begin = blockIdx.y * chunk + lane,
                            end = min((blockIdx.y + 1) * chunk, reduced.count);
        const std::int64_t stride = reduced.strides[0][0];
        if (reduced.rank <= 1)  // the usual case, without division
            mine = over_range<Op, W>(from, begin, end, lanes, identity,
                                     [&](std::uint32_t i) { return i * stride; });
        else
            mine = over_range<Op, W>(from, begin, end, lanes, identity,
                                     [&](std::uint32_t i) { return reduced.at(i).of[0]; });
    }

    constexpr int kResults = AlongRows ? 1 : W;  // results of a thread
    if constexpr (AlongRows) fold<Op>(mine.at);
    Vector<T, kResults> result;
#pragma unroll
    for (int w = 0; w < kResults; ++w) result.at[w] = mine.at[w];
    result = over_lanes<Op>(result, threadIdx.y * blockDim.x + threadIdx.x,
                            AlongRows ? 1 : blockDim.x, AlongRows ? lanes : kBlock);
    if (lane == 0 && o < kept.count)
        vector_at<kResults>(out + (std::size_t{blockIdx.y} * kept.count + o) * kResults) = result;
}

// Thread layout and chunks, which depend on the shape alone.
struct Plan {
    dim3 block;
    unsigned columns, chunks;  // blocks over outputs and over the reduced range
    std::uint32_t chunk;       // elements
};
// A few blocks for each multiprocessor, all of them resident at once.
constexpr std::int64_t kEnoughBlocks = 512;
// The most steps of a lane before the range is cut: a second launch costs about as much as 32
// steps.
constexpr std::int64_t kMaxSteps = 32;

// The lanes of a row. A lane takes up to 8 steps, fewer while the GPU has room for more threads.
// Eight lanes of 16 bytes still load whole cache lines.
unsigned lanes_of_row(std::int64_t outputs, std::int64_t reduced) {
    const auto all = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(reduced)));
    std::int64_t lanes = std::clamp<std::int64_t>(all / 8, std::min<std::int64_t>(all, 8), kBlock);
    while (lanes < std::min<std::int64_t>(all, kBlock) && outputs * lanes < kEnoughBlocks * kBlock)
        lanes *= 2;
    return static_cast<unsigned>(lanes);
}

// The outputs of a block, `bytes` each: a cache line of them, or down to a quarter of it if more
// blocks of more lanes then make cutting the range unnecessary.
unsigned outputs_of_block(std::int64_t outputs, std::int64_t reduced, std::int64_t bytes) {
    constexpr std::int64_t kLine = 128, kSector = 32, kOneRound = 4, kFewBlocks = 128;
    const auto all = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(outputs)));
    const std::int64_t whole = std::min({all, kLine / bytes, std::int64_t{kWarpSize}});
    std::int64_t part = whole;
    while (part * bytes > kSector && reduced * part > kOneRound * kBlock &&
           blocks_for(outputs, static_cast<int>(part)) < kFewBlocks)
        part /= 2;
    return static_cast<unsigned>(reduced * part <= kMaxSteps * kBlock ? part : whole);
}

Plan make_plan(std::int64_t outputs, std::int64_t reduced, bool along_rows, std::size_t bytes) {
    constexpr std::int64_t kMinSteps = 8;  // steps of a lane in a chunk
    const unsigned across =
        along_rows ? kBlock / lanes_of_row(outputs, reduced)
                   : outputs_of_block(outputs, reduced, static_cast<std::int64_t>(bytes));
    const unsigned lanes = kBlock / across, columns = blocks_for(outputs, static_cast<int>(across));
    const std::int64_t steps = reduced / lanes;
    const std::int64_t chunks =
        steps <= kMaxSteps
            ? 1
            : std::clamp<std::int64_t>(kEnoughBlocks / columns, 1, steps / kMinSteps);
    const std::int64_t chunk = (reduced + chunks - 1) / chunks;
    return {along_rows ? dim3(lanes, across) : dim3(across, lanes), columns,
            chunks == 1 ? 1 : blocks_for(reduced, static_cast<int>(chunk)),
            static_cast<std::uint32_t>(chunk)};
}

// in_vectors for the loop `walked`, which begins at each of the offsets of the loop `begins`.
bool walks_in_vectors(Loop<1>& walked, const Loop<1>& begins, std::int64_t width) {
    for (std::size_t d = 0; d < static_cast<std::size_t>(begins.rank); ++d)
        if (begins.strides[0][d] % width != 0) return false;
    return in_vectors(walked, width);
}

Loop<1> run_of(std::int64_t count, std::int64_t stride) {
    Loop<1> loop;
    loop.rank = 1;
    loop.sizes[0] = count;
    loop.strides[0][0] = stride;
    return loop;
}

template <Reduction R, class T>
void reduce_typed(T* to, const T* from, Loop<1> kept, Loop<1> reduced, Device device) {
    using Op = Combine<R, T>;
    constexpr int W = kWide<T>;
    const std::int64_t outputs = count_of(kept);
    const bool along_rows =
        outputs == 1 || std::abs(reduced.inner_stride(0)) <= std::abs(kept.inner_stride(0));
    const bool aligned = is_aligned(from, W * sizeof(T)) && is_aligned(to, W * sizeof(T));
    const bool wide = aligned && (along_rows ? walks_in_vectors(reduced, kept, W)
                                             : walks_in_vectors(kept, reduced, W));
    auto kernel = wide ? reduce_kernel<Op, T, false, W> : reduce_kernel<Op, T, false, 1>;
    if (along_rows) kernel = wide ? reduce_kernel<Op, T, true, W> : reduce_kernel<Op, T, true, 1>;
    const Plan plan =
        make_plan(count_of(kept), count_of(reduced), along_rows, (wide ? W : 1) * sizeof(T));
    const auto launch = [&](T* results) {
        kernel<<<dim3(plan.columns, plan.chunks), plan.block, 0, stream()>>>(
            results, from, Op::identity(), Lines<1>(kept), Lines<1>(reduced), plan.chunk);
        check_launch("reduce");
    };
    if (plan.chunks == 1) return launch(to);
    const Storage partial(static_cast<std::size_t>(outputs) * plan.chunks * sizeof(T), device);
    T* const between = static_cast<T*>(partial.data());
    launch(between);
    reduce_typed<R, T>(to, between, run_of(outputs, 1), run_of(plan.chunks, outputs), device);
}

}  // namespace

void reduce(Reduction reduction, Tensor& out, const Tensor& src, const Dims& dims) {
    if (out.numel() == 0) return;
    // Two views of the source: one has the dimensions that stay, the other the reduced ones.
    const Tensor x = raw::to(src, out.dtype());  // bool and u8 are summed as i64
    Shape kept_shape = x.shape(), reduced_shape = x.shape();
    for (int d = 0; d < x.rank(); ++d) (dims.contains(d) ? kept_shape : reduced_shape)[d] = 1;
    const Tensor kept = raw::view(x, kept_shape, x.strides(), x.offset());
    const Tensor reduced = raw::view(x, reduced_shape, x.strides(), x.offset());
    check_count(std::max(kept.numel(), reduced.numel()), "reduce");

    visit_number(out.dtype(), [&]<class T>() {
        // The outputs in the order of out's memory, so that output o is its o-th element.
        const auto order = plan_loop<2>({&out, &kept});
        Loop<1> outputs;
        outputs.rank = order.rank;
        outputs.sizes = order.sizes;
        outputs.strides[0] = order.strides[1];
        const auto inside = plan_loop<1>({&reduced});
        T* const to = static_cast<T*>(out.raw_data());
        const T* const from = static_cast<const T*>(x.raw_data());
        switch (reduction) {
            case Reduction::sum:
                return reduce_typed<Reduction::sum>(to, from, outputs, inside, out.device());
            case Reduction::max:
                return reduce_typed<Reduction::max>(to, from, outputs, inside, out.device());
            case Reduction::min:
                return reduce_typed<Reduction::min>(to, from, outputs, inside, out.device());
        }
    });
}

}  // namespace eps::kernels::cuda
