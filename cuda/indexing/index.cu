// gather and scatter. An index outside its dimension stops the kernel with a trap, which the next
// call reports. Checking indices on the host would make every lookup wait for the GPU.
#include <bit>

#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/indexing/sort.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps::kernels::cuda {
namespace {

__device__ std::int64_t checked(std::int64_t index, std::int64_t extent) {
    if (index < 0 || index >= extent) __trap();
    return index;
}

// Operands: 0 out, 1 index, 2 src with extent 1 along dim.
template <class T>
__global__ void gather_kernel(T* out, const std::int64_t* index, const T* src, std::int64_t stride,
                              std::int64_t extent, const __grid_constant__ Lines<3> loop) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= loop.count) return;
    const auto at = loop.at(i);
    out[at.of[0]] = src[at.of[2] + checked(index[at.of[1]], extent) * stride];
}

// keys[id n + j] = id extent + index[j], so that sorting them puts equal targets of a line side by
// side. Operands: 0 id of the line, 1 index.
__global__ void target_kernel(std::uint64_t* keys, std::uint32_t* values, const std::int64_t* index,
                              std::int64_t stride, std::int64_t extent, Divisor length,
                              const __grid_constant__ Lines<2> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * length.size) return;
    const std::uint32_t line = length.divide(i), j = i - line * length.size;
    const auto at = lines.at(line);
    const std::int64_t slot = at.of[0] * length.size + j;
    keys[slot] = static_cast<std::uint64_t>(at.of[0] * extent +
                                            checked(index[at.of[1] + j * stride], extent));
    values[slot] = j;
}

// One thread for each line of src and each sorted key. The thread at the first of a run of equal
// targets adds up the whole run in the order of j, or, without `accumulate`, writes the last
// element of the run. Neighbouring threads take neighbouring lines, which are the columns of an
// embedding. Operands: 0 out, 1 src, 2 id of the index line.
template <class T>
__global__ void put_kernel(T* out, const T* src, const std::uint64_t* keys,
                           const std::uint32_t* values, std::int64_t out_stride,
                           std::int64_t src_stride, std::int64_t extent, std::uint32_t length,
                           bool accumulate, Divisor line_count,
                           const __grid_constant__ Lines<3> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= line_count.size * length) return;
    const std::uint32_t first = line_count.divide(i), line = i - first * line_count.size;
    const auto at = lines.at(line);
    keys += at.of[2] * length;
    values += at.of[2] * length;
    const std::uint64_t key = keys[first];
    if (first > 0 && keys[first - 1] == key) return;
    T* const target =
        out + at.of[0] + (static_cast<std::int64_t>(key) - at.of[2] * extent) * out_stride;
    T total = *target;
    for (std::uint32_t p = first; p < length && keys[p] == key; ++p) {
        const T x = src[at.of[1] + values[p] * src_stride];
        total = accumulate ? static_cast<T>(total + x) : x;
    }
    *target = total;
}

}  // namespace

void gather(Tensor& out, const Tensor& src, int dim, const Tensor& index) {
    if (out.numel() == 0) return;
    check_count(out.numel(), "gather");
    const Tensor starts = line_starts(src, dim);
    const Lines<3> loop(plan_loop<3>({&out, &index, &starts}));
    visit_words(out.dtype(), [&]<class T>() {
        gather_kernel<<<blocks_for(loop.count), kBlock, 0, stream()>>>(
            static_cast<T*>(out.raw_data()), static_cast<const std::int64_t*>(index.raw_data()),
            static_cast<const T*>(src.raw_data()), src.strides()[dim], src.size(dim), loop);
        check_launch("gather");
    });
}

void scatter(Tensor& out, int dim, const Tensor& index, const Tensor& src, bool accumulate) {
    if (src.numel() == 0) return;
    check_count(src.numel(), "scatter");
    const auto length = static_cast<std::uint32_t>(src.size(dim));
    const std::int64_t extent = out.size(dim);

    // Index lines that are the same memory are sorted once: those of an embedding are one line,
    // repeated with stride 0.
    Shape distinct = index.shape();
    for (int d = 0; d < index.rank(); ++d)
        if (d == dim || index.strides()[d] == 0) distinct[d] = 1;
    const Tensor index_starts = index.as_strided(distinct, index.strides(), index.offset());
    // Not read: only its offsets are used, as the numbers of the lines.
    const Tensor ids = empty(distinct, {DType::u8, index.device()});
    const Lines<2> index_lines(plan_loop<2>({&ids, &index_starts}));
    const std::int64_t slots = std::int64_t{index_lines.count} * length;

    const Storage key_memory(2 * static_cast<std::size_t>(slots) * sizeof(std::uint64_t),
                             out.device());
    const Storage value_memory(2 * static_cast<std::size_t>(slots) * sizeof(std::uint32_t),
                               out.device());
    auto* const keys = static_cast<std::uint64_t*>(key_memory.data());
    auto* const values = static_cast<std::uint32_t*>(value_memory.data());
    target_kernel<<<blocks_for(slots), kBlock, 0, stream()>>>(
        keys, values, static_cast<const std::int64_t*>(index.raw_data()), index.strides()[dim],
        extent, Divisor(length), index_lines);
    check_launch("scatter");
    const auto largest =
        static_cast<std::uint64_t>(index_lines.count) * static_cast<std::uint64_t>(extent);
    sort_pairs(keys, keys + slots, values, values + slots, slots,
               std::max<int>(1, std::bit_width(largest - 1)));

    const Tensor out_starts = line_starts(out, dim), src_starts = line_starts(src, dim);
    const Lines<3> lines(plan_loop<3>({&out_starts, &src_starts, &ids}));
    visit_number(out.dtype(), [&]<class T>() {
        put_kernel<<<blocks_for(std::int64_t{lines.count} * length), kBlock, 0, stream()>>>(
            static_cast<T*>(out.raw_data()), static_cast<const T*>(src.raw_data()), keys + slots,
            values + slots, out.strides()[dim], src.strides()[dim], extent, length, accumulate,
            Divisor(lines.count), lines);
        check_launch("scatter");
    });
}

}  // namespace eps::kernels::cuda
