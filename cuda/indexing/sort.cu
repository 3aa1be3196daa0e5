// argsort by CUB's radix sort. Values of every dtype are mapped to 64-bit keys in the same order,
// so that one instantiation serves all: nothing else in this folder takes as long to compile.
#include "cuda/indexing/sort.h"

#include <bit>
#include <cub/device/device_radix_sort.cuh>

#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {

void sort_pairs(const std::uint64_t* keys, std::uint64_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits) {
    const auto run = [&](void* scratch, std::size_t& bytes) {
        cuda_check(cub::DeviceRadixSort::SortPairs(scratch, bytes, keys, sorted_keys, values,
                                                   sorted_values, n, 0, bits, stream()),
                   "argsort");
    };
    std::size_t bytes = 0;
    run(nullptr, bytes);  // asks for the size only
    int device = 0;
    cuda_check(cudaGetDevice(&device), "argsort");
    const Storage scratch(bytes, Device{DeviceType::cuda, static_cast<std::int8_t>(device)});
    run(scratch.data(), bytes);
}

namespace {

// keys[i] = the sort key of element i, counted line by line.
template <class T>
__global__ void key_kernel(std::uint64_t* keys, std::uint32_t* values, const T* src,
                           std::int64_t stride, Divisor length,
                           const __grid_constant__ Lines<1> lines, std::uint64_t flip) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * length.size) return;
    const std::uint32_t line = length.divide(i), j = i - line * length.size;
    keys[i] = sort_key(src[lines.at(line).of[0] + j * stride]) ^ flip;
    values[i] = i;
}

__global__ void line_kernel(std::uint64_t* keys, const std::uint32_t* values, Divisor length,
                            std::uint32_t count) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) keys[i] = length.divide(values[i]);
}

__global__ void write_kernel(std::int64_t* out, const std::uint32_t* values, std::int64_t stride,
                             Divisor length, const __grid_constant__ Lines<1> lines) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= lines.count * length.size) return;
    const std::uint32_t line = length.divide(i), j = i - line * length.size, value = values[i];
    out[lines.at(line).of[0] + j * stride] = value - length.divide(value) * length.size;
}

}  // namespace

void argsort(Tensor& out, const Tensor& src, int dim, bool descending) {
    const std::int64_t n = src.numel();
    if (n == 0) return;
    check_count(n, "argsort");
    const Tensor out_starts = line_starts(out, dim), src_starts = line_starts(src, dim);
    // A plan orders the lines by the memory of its operand 0. One plan for both tensors gives them
    // the same order.
    const auto plan = plan_loop<2>({&out_starts, &src_starts});
    Loop<1> out_plan, src_plan;
    out_plan.rank = src_plan.rank = plan.rank;
    out_plan.sizes = src_plan.sizes = plan.sizes;
    out_plan.strides[0] = plan.strides[0];
    src_plan.strides[0] = plan.strides[1];
    const Lines<1> out_lines(out_plan), src_lines(src_plan);
    const Divisor length(static_cast<std::uint32_t>(src.size(dim)));

    const auto count = static_cast<std::size_t>(n);
    const Storage key_memory(2 * count * sizeof(std::uint64_t), out.device()),
        value_memory(2 * count * sizeof(std::uint32_t), out.device());
    auto* const keys = static_cast<std::uint64_t*>(key_memory.data());
    auto* const values = static_cast<std::uint32_t*>(value_memory.data());
    int bits = 64;
    visit_number(src.dtype(), [&]<class T>() {
        bits = static_cast<int>(8 * sizeof(T));
        // The complement of a key reverses the order.
        const std::uint64_t flip = descending ? ~std::uint64_t{0} >> (64 - bits) : 0;
        key_kernel<<<blocks_for(n), kBlock, 0, stream()>>>(
            keys, values, static_cast<const T*>(src.raw_data()), src.strides()[dim], length,
            src_lines, flip);
        check_launch("argsort");
    });
    // Stable sorts compose: sorting all elements by value, then by line, leaves each line in the
    // order of its values.
    sort_pairs(keys, keys + n, values, values + n, n, bits);
    const std::uint32_t* sorted = values + n;
    if (src_lines.count > 1) {
        line_kernel<<<blocks_for(n), kBlock, 0, stream()>>>(keys, sorted, length,
                                                            static_cast<std::uint32_t>(n));
        check_launch("argsort");
        sort_pairs(keys, keys + n, sorted, values, n, std::bit_width(src_lines.count - 1));
        sorted = values;
    }
    write_kernel<<<blocks_for(n), kBlock, 0, stream()>>>(
        static_cast<std::int64_t*>(out.raw_data()), sorted, out.strides()[dim], length, out_lines);
    check_launch("argsort");
}

}  // namespace eps::kernels::cuda
