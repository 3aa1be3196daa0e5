// The convolution triple as matrix products on tensor cores whose columns are never made: implicit
// GEMM (Chetlur et al. 2014, cuDNN, section 3.1). A block copies what its tile of the columns holds
// from the pixels themselves, 16 of its k at a time:
//
//     y [outputs, K] = columns [outputs, positions C] filters^T
//         each output reads its window of pixels: kernel positions outermost, four channels a copy
//     gradient of filters [K, positions C] = y^T columns
//         a block adds up a part of the outputs; another kernel adds the parts in order
//
// The input's gradient is of the first kind: the pixels of one phase
// (tensor/contract/strided_conv.h) are a convolution of y, without a stride, by the kernel
// positions of the phase; they lie a stride apart.
//
// This path applies if factors are rounded to tf32, bf16 or f16 (tensor/runtime/precision.h) and
// channels come in fours. Nothing here depends on the GPU: the same bits in every run.
#include "cuda/runtime/context.h"
#include "cuda/conv/convolution.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/conv/implicit_gemm_kernels.cuh"
#include "tensor/raw_copy.h"

namespace eps::kernels::cuda {
namespace {

constexpr std::int64_t kEnoughBlocks = 256;  // enough for the largest GPUs of today

// w [K, C/groups, positions] = the sum of parts [parts, K, positions, C/groups]
__global__ void __launch_bounds__(kBlock)
    add_parts_kernel(float* w, const float* parts, int count, std::int32_t elements,
                     const __grid_constant__ Divisor channels,
                     const __grid_constant__ Divisor positions) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= static_cast<std::uint32_t>(elements)) return;
    float sum = 0;
#pragma unroll 8
    for (int part = 0; part < count; ++part) sum += parts[std::int64_t{part} * elements + i];
    const std::uint32_t element = channels.divide(i), channel = i - element * channels.size;
    const std::uint32_t filter = positions.divide(element);
    const std::uint32_t position = element - filter * positions.size;
    w[(filter * channels.size + channel) * positions.size + position] = sum;
}

/// Calls f.template operator()<P, T>(tiles across, tiles) with the precision P in use and the tile
/// T that suits `copies` results [rows, columns].
template <class F>
void with_tiles(std::int64_t rows, std::int64_t columns, std::int64_t copies, const F& f) {
    const auto with_tile = [&]<class T>() {
        const std::int64_t across = ceil_div(columns, T::kColumns);
        const std::int64_t tiles = across * ceil_div(rows, T::kRows);
        const Divisor divisor(static_cast<std::uint32_t>(across));
        switch (precision()) {
            case Precision::f16: return f.template operator()<Precision::f16, T>(divisor, tiles);
            case Precision::bf16: return f.template operator()<Precision::bf16, T>(divisor, tiles);
            default: return f.template operator()<Precision::tf32, T>(divisor, tiles);
        }
    };
    const std::int64_t large =
        ceil_div(rows, LargeTile::kRows) * ceil_div(columns, LargeTile::kColumns) * copies;
    const bool fills = std::min(rows, columns) > SmallTile::kRows && 2 * large >= kEnoughBlocks;
    fills ? with_tile.template operator()<LargeTile>() : with_tile.template operator()<SmallTile>();
}

template <class Kernel, class... Arguments>
void launch(const Kernel& kernel, std::int64_t tiles, std::int64_t groups, std::int64_t parts,
            int threads, std::size_t shared, const char* op, const Arguments&... arguments) {
    cuda_check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                    static_cast<int>(shared)),
               op);
    const dim3 grid(static_cast<unsigned>(tiles), static_cast<unsigned>(groups),
                    static_cast<unsigned>(parts));
    kernel<<<grid, threads, shared, stream()>>>(arguments...);
    check_launch(op);
}

// y = columns filters^T + bias, each output stored at its target.
void multiply(Tensor& y, const Tensor& x, const Tensor& filters, const Tensor& bias,
              const Gather& c, const char* op) {
    if (c.outputs == 0) return;
    with_tiles(c.outputs, c.out, c.groups,
               [&]<Precision P, class T>(const Divisor& across, std::int64_t tiles) {
                   launch(window_kernel<P, T>, tiles, c.groups, 1, T::kThreads,
                          kSharedBytes<T, DepthInnermost>, op, data_of<float>(y), data_of<float>(x),
                          data_of<float>(filters), data_of<float>(bias), c, across);
               });
}

// True if the pixels of an image can be read as vectors of four channels.
bool in_fours(std::int64_t channels, const Tensor& image) {
    return channels % 4 == 0 && is_aligned(image.raw_data());
}
bool rounds(const Tensor& x, const Tensor& w, const Convolution& c) {
    check_count(w.numel(), "conv2d");
    return x.dtype() == f32 && precision() != Precision::f32 && x.numel() > 0 && c.outputs() > 0 &&
           c.groups < 65536;
}

bool forward(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
             const Convolution& c) {
    if (!rounds(x, w, c) || !in_fours(c.in, x)) return false;
    const Tensor filters = filters_of(c, w);
    if (!is_aligned(filters.raw_data())) return false;
    multiply(y, x, filters, bias, Gather(c), "conv2d");
    return true;
}

/// The convolution of y that gives the pixels of a phase.
Gather gather_of(const Convolution& c, const Phase& down, const Phase& across) {
    Convolution reversed = c;
    std::swap(reversed.in, reversed.out);
    reversed.windows = Windows(down.axis, across.axis);
    Gather gather(reversed);
    gather.image_step = static_cast<std::int32_t>(c.windows.pixels());
    gather.row_step = c.windows.y.stride_of() * c.windows.x.inputs;
    gather.column_step = c.windows.x.stride_of();
    gather.first = down.input * c.windows.x.inputs + across.input;
    return gather;
}

// The kernel positions of a phase as filters   [groups, C/groups, positions K/groups]
Tensor filters_of(const Convolution& c, const Tensor& w, const Phase& down, const Phase& across) {
    const Strides& s = w.strides();
    const Tensor view = w.as_strided(
        {c.groups, c.in, down.axis.positions, across.axis.positions, c.out},
        {c.out * s[0], s[1], down.position_step * s[2], across.position_step * s[3], s[0]},
        w.offset() + down.first_position * s[2] + across.first_position * s[3]);
    return raw::clone(view);
}

bool input_gradient(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                    const Convolution& c) {
    const std::int32_t rows = c.windows.y.stride_of(), columns = c.windows.x.stride_of();
    // If there are few outputs, most pixels are read by no output at most kernel positions, and
    // gathering columns is faster.
    if (!rounds(y, w, c) || !in_fours(c.out, y) ||
        2 * c.windows.pixels() > 3 * rows * columns * c.windows.outputs())
        return false;
    for (std::int32_t i = 0; i < std::min(rows, c.windows.y.inputs); ++i)
        for (std::int32_t j = 0; j < std::min(columns, c.windows.x.inputs); ++j) {
            const Phase down(c.windows.y, i), across(c.windows.x, j);
            multiply(x, y, filters_of(c, w, down, across), bias, gather_of(c, down, across),
                     "conv2d_input");
        }
    return true;
}

/// The number of parts in which outputs are added up, and the outputs of each. There are enough
/// parts to fill the GPU with blocks, but none is shorter than 16 stages.
struct Parts {
    std::int64_t count, outputs;
    Parts(std::int64_t all, std::int64_t blocks) {
        const std::int64_t stages = ceil_div(all, kDepth);
        const std::int64_t wanted =
            std::clamp<std::int64_t>(kEnoughBlocks / blocks, 1, ceil_div(stages, 16));
        outputs = ceil_div(stages, wanted) * kDepth;
        count = ceil_div(all, outputs);
    }
};

bool weight_gradient(Tensor& w, const Tensor& x, const Tensor& y, const Convolution& c) {
    if (!rounds(x, w, c) || !in_fours(c.in, x) || !in_fours(c.out, y) || !w.is_contiguous())
        return false;
    with_tiles(c.out, c.width(), c.groups * Parts(c.outputs(), 1).count,
               [&]<Precision P, class T>(const Divisor& across, std::int64_t tiles) {
                   const Parts parts(c.outputs(), tiles * c.groups);
                   const Tensor sums = empty({parts.count, w.numel()}, w.options());
                   launch(output_kernel<P, T>, tiles, c.groups, parts.count, T::kThreads,
                          kSharedBytes<T, DepthOutermost>, "conv2d_weight", data_of<float>(sums),
                          data_of<float>(y), data_of<float>(x), Gather(c), across,
                          static_cast<std::int32_t>(parts.outputs));
                   add_parts_kernel<<<blocks_for(w.numel()), kBlock, 0, stream()>>>(
                       data_of<float>(w), data_of<float>(sums), static_cast<int>(parts.count),
                       static_cast<std::int32_t>(w.numel()),
                       Divisor(static_cast<std::uint32_t>(c.in)),
                       Divisor(static_cast<std::uint32_t>(c.positions)));
                   check_launch("conv2d_weight");
               });
    return true;
}

}  // namespace

const ConvAlgorithm conv_by_implicit_gemm{forward, input_gradient, weight_gradient};

}  // namespace eps::kernels::cuda
