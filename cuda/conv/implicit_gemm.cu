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
// This path computes only if factors are rounded to tf32 or bf16 (tensor/runtime/precision.h) and
// channels come in fours. Nothing here depends on the GPU: the same bits in every run.
#include "cuda/runtime/context.h"
#include "cuda/conv/convolution.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/conv/tile_product.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/raw_copy.h"

namespace eps::kernels::cuda {
namespace {

constexpr std::int64_t kEnoughBlocks = 256;  // for any GPU that is about

/// What the kernels read of a convolution, and where the result of an output is stored.
struct Gather {
    Windows windows;
    std::int32_t outputs, in, out, groups;
    std::int32_t image_step, row_step, column_step, first;  // of the result's pixels

    explicit Gather(const Convolution& c)
        : windows(c.windows),
          outputs(static_cast<std::int32_t>(c.outputs())),
          in(static_cast<std::int32_t>(c.in)),
          out(static_cast<std::int32_t>(c.out)),
          groups(static_cast<std::int32_t>(c.groups)),
          image_step(windows.y.outputs * windows.x.outputs),
          row_step(windows.x.outputs),
          column_step(1),
          first(0) {}
    __host__ __device__ std::int32_t width() const { return windows.positions() * in; }
    __device__ std::int64_t target(std::int32_t output) const {
        const Windows::Position at = windows.output(static_cast<std::uint32_t>(output));
        return std::int64_t{at.image} * image_step + at.row * row_step + at.column * column_step +
               first;
    }
};

/// The kernel position and the channel of column k, as k advances.
struct KernelPosition {
    std::int32_t row = 0, column = 0, channel = 0;
    /// True if it comes to another position.
    __device__ bool advance(std::int32_t by, const Gather& c) {
        const bool moves = channel + by >= c.in;
        for (channel += by; channel >= c.in; channel -= c.in)
            if (++column == c.windows.x.positions) column = 0, ++row;
        return moves;
    }
    __device__ bool exists(const Gather& c) const { return row < c.windows.y.positions; }
};

/// Copies stages of the columns and of the filters, k innermost: a thread four of k of two rows of
/// each.
template <class T> struct WindowLoader {
    const Gather& c;
    const float *x, *filters;  // of the group
    Windows::Position output[2];
    // where in x and filters their vectors begin, or -1; a pixel's channels follow
    std::int32_t pixel[2], filter[2];
    bool is_output[2];
    KernelPosition position;

    __device__ WindowLoader(const Gather& gather, const float* image, const float* group_filters,
                            std::int32_t first_output, std::int32_t first_filter)
        : c(gather), x(image), filters(group_filters) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
            const std::int32_t row_of_result = first_output + row(j),
                               row_of_filters = first_filter + row(j);
            is_output[j] = row_of_result < c.outputs;
            output[j] =
                c.windows.output(static_cast<std::uint32_t>(is_output[j] ? row_of_result : 0));
            filter[j] = row_of_filters < c.out ? row_of_filters * c.width() + vector() : -1;
        }
        position.advance(vector(), c);
        look();
    }
    static __device__ int row(int j) {
        return static_cast<int>(threadIdx.x) / 4 + j * (T::kRows / 2);
    }
    static __device__ int vector() { return static_cast<int>(threadIdx.x) % 4 * 4; }

    __device__ void look() {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
            const std::int32_t seen =
                is_output[j] && position.exists(c)
                    ? c.windows.pixel(output[j], position.row, position.column)
                    : -1;
            pixel[j] = seen < 0 ? -1 : seen * c.groups * c.in;
        }
    }
    __device__ void operator()(float* a, float* b) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
            const int at = row(j) * kDepth + vector();
            const bool is_filter = filter[j] >= 0 && position.exists(c);
            copy_async(a + at, pixel[j] < 0 ? x : x + pixel[j] + position.channel, pixel[j] >= 0);
            copy_async(b + at, is_filter ? filters + filter[j] : filters, is_filter);
            if (filter[j] >= 0) filter[j] += kDepth;
        }
        if (position.advance(kDepth, c)) look();
    }
};

// Rows of the result in tiles, whose columns come first; a group for each y of the grid.
template <Precision P, class T>
__global__ void __launch_bounds__(T::kThreads, 2)
    window_kernel(float* y, const float* x, const float* filters, const float* bias,
                  const __grid_constant__ Gather c, const __grid_constant__ Divisor across) {
    extern __shared__ float4 shared[];
    const std::uint32_t tile_row = across.divide(blockIdx.x);
    const auto first_output = static_cast<std::int32_t>(tile_row * T::kRows),
               group = static_cast<std::int32_t>(blockIdx.y),
               first_filter =
                   static_cast<std::int32_t>((blockIdx.x - tile_row * across.size) * T::kColumns);
    WindowLoader<T> load(c, x + group * c.in, filters + std::int64_t{group} * c.out * c.width(),
                         first_output, first_filter);
    TileSum<P, T, DepthInnermost> sum;
    add_stages<T, DepthInnermost>(sum, reinterpret_cast<float*>(shared),
                                  (c.width() + kDepth - 1) / kDepth, load);
    sum.each_pair([&](int row, int column, float one, float two) {
        const std::int32_t output = first_output + row, filter = first_filter + column,
                           channel = group * c.out + filter;
        if (output >= c.outputs || filter >= c.out) return;
        float* const to = y + c.target(output) * c.groups * c.out + channel;
        to[0] = one + (bias ? bias[channel] : 0);
        if (filter + 1 < c.out) to[1] = two + (bias ? bias[channel + 1] : 0);
    });
}

/// Copies stages of y and of the columns, k, which is outputs, outermost: a thread four channels of
/// two outputs of each.
template <class T> struct OutputLoader {
    const Gather& c;
    const float *y, *x;  // of the group
    std::int32_t output, end;
    std::int32_t filter;
    KernelPosition position;

    __device__ OutputLoader(const Gather& gather, const float* gradient, const float* image,
                            std::int32_t first_output, std::int32_t end_output,
                            std::int32_t first_filter, std::int32_t first_column)
        : c(gather),
          y(gradient),
          x(image),
          output(first_output + line(0)),
          end(end_output),
          filter(first_filter + vector()) {
        position.advance(first_column + vector(), c);
    }
    static constexpr int kVectors = T::kRows / 4;  // of an output
    static __device__ std::int32_t vector() {
        return static_cast<std::int32_t>(threadIdx.x) % kVectors * 4;
    }
    static __device__ std::int32_t line(int j) {
        return static_cast<std::int32_t>(threadIdx.x) / kVectors + j * (kDepth / 2);
    }

    __device__ void operator()(float* a, float* b) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
            const std::int32_t here = output + j * (kDepth / 2);
            const bool is_output = here < end, is_filter = is_output && filter < c.out;
            const std::int32_t pixel =
                is_output && position.exists(c)
                    ? c.windows.pixel(c.windows.output(static_cast<std::uint32_t>(here)),
                                      position.row, position.column)
                    : -1;
            const int at = line(j) * DepthOutermost::stride(T::kRows) + vector();
            copy_async(a + at, is_filter ? y + std::int64_t{here} * c.groups * c.out + filter : y,
                       is_filter);
            copy_async(
                b + at,
                pixel >= 0 ? x + std::int64_t{pixel} * c.groups * c.in + position.channel : x,
                pixel >= 0);
        }
        output += kDepth;
    }
};

// parts [parts, groups, K/groups, positions C/groups]: a part of the outputs for each z of the
// grid, a group for each y.
template <Precision P, class T>
__global__ void __launch_bounds__(T::kThreads, 2)
    output_kernel(float* parts, const float* y, const float* x, const __grid_constant__ Gather c,
                  const __grid_constant__ Divisor across, std::int32_t outputs_of_part) {
    extern __shared__ float4 shared[];
    const std::uint32_t tile_row = across.divide(blockIdx.x);
    const auto first_filter = static_cast<std::int32_t>(tile_row * T::kRows),
               group = static_cast<std::int32_t>(blockIdx.y),
               first_column =
                   static_cast<std::int32_t>((blockIdx.x - tile_row * across.size) * T::kColumns);
    const std::int32_t first_output = static_cast<std::int32_t>(blockIdx.z) * outputs_of_part,
                       end = min(first_output + outputs_of_part, c.outputs);
    OutputLoader<T> load(c, y + group * c.out, x + group * c.in, first_output, end, first_filter,
                         first_column);
    TileSum<P, T, DepthOutermost> sum;
    add_stages<T, DepthOutermost>(sum, reinterpret_cast<float*>(shared),
                                  (end - first_output + kDepth - 1) / kDepth, load);
    float* const part = parts + (std::int64_t{blockIdx.z} * c.groups + group) * c.out * c.width();
    sum.each_pair([&](int row, int column, float one, float two) {
        const std::int32_t filter = first_filter + row, at = first_column + column;
        if (filter >= c.out || at >= c.width()) return;  // widths are even
        vector_at<2>(part + std::int64_t{filter} * c.width() + at) = {one, two};
    });
}

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
    const std::uint32_t filter = positions.divide(element),
                        position = element - filter * positions.size;
    w[(filter * channels.size + channel) * positions.size + position] = sum;
}

constexpr std::int64_t tiles_in(std::int64_t n, int tile) { return (n + tile - 1) / tile; }

/// Calls f.template operator()<P, T>(tiles across, tiles) for [rows, columns] of a result, `copies`
/// times, in what its factors are rounded to.
template <class F>
void with_tiles(std::int64_t rows, std::int64_t columns, std::int64_t copies, const F& f) {
    const auto with_tile = [&]<class T>() {
        const std::int64_t across = tiles_in(columns, T::kColumns),
                           tiles = across * tiles_in(rows, T::kRows);
        const Divisor divisor(static_cast<std::uint32_t>(across));
        switch (precision()) {
            case Precision::f16: return f.template operator()<Precision::f16, T>(divisor, tiles);
            case Precision::bf16: return f.template operator()<Precision::bf16, T>(divisor, tiles);
            default: return f.template operator()<Precision::tf32, T>(divisor, tiles);
        }
    };
    const std::int64_t large =
        tiles_in(rows, LargeTile::kRows) * tiles_in(columns, LargeTile::kColumns) * copies;
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

// y = columns filters^T + bias, each output to its target.
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

// Vectors of four channels of x's pixels, and of filters.
bool in_fours(std::int64_t channels, const Tensor& image) {
    return channels % 4 == 0 && is_aligned(image.raw_data());
}
bool rounds(const Tensor& x, const Tensor& w, const Convolution& c) {
    check_count(w.numel(), "conv2d");
    const bool rounds = precision() == Precision::tf32 || precision() == Precision::bf16;
    return x.dtype() == f32 && rounds && x.numel() > 0 && c.outputs() > 0 && c.groups < 65536;
}

bool forward(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
             const Convolution& c) {
    if (!rounds(x, w, c) || !in_fours(c.in, x)) return false;
    const Tensor filters = filters_of(c, w);
    if (!is_aligned(filters.raw_data())) return false;
    multiply(y, x, filters, bias, Gather(c), "conv2d");
    return true;
}

/// The pixels of a phase as a convolution of y.
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
    // If outputs are few, most pixels are read by none at most positions.
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

/// The number of parts in which outputs are added up, and the outputs of each: enough blocks, but
/// none too short.
struct Parts {
    std::int64_t count, outputs;
    Parts(std::int64_t all, std::int64_t blocks) {
        const std::int64_t steps = tiles_in(all, kDepth),
                           wanted = std::clamp<std::int64_t>(kEnoughBlocks / blocks, 1,
                                                             tiles_in(steps, 16));
        outputs = tiles_in(steps, static_cast<int>(wanted)) * kDepth;
        count = (all + outputs - 1) / outputs;
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
