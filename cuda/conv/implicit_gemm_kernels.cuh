#pragma once
// The kernels of convolutions by implicit GEMM (implicit_gemm.cu): a block multiplies a tile whose
// factors it copies from the pixels and filters themselves, through tile_product.cuh.
#include "cuda/conv/convolution.h"
#include "cuda/conv/tile_product.cuh"
#include "cuda/runtime/vector.cuh"

namespace eps::kernels::cuda {

/// What the kernels read of a convolution, and where the result of an output is stored.
struct Gather {
    Windows windows;
    std::int32_t outputs, in, out, groups;
    std::int32_t image_step, row_step, column_step, first;  // offsets of the result's pixels

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
            if (++column == c.windows.x.positions) {
                column = 0;
                ++row;
            }
        return moves;
    }
    __device__ bool exists(const Gather& c) const { return row < c.windows.y.positions; }
};

/// Copies stages of the columns and of the filters, with k innermost. Each thread copies four
/// consecutive k of two rows of each.
template <class T> struct WindowLoader {
    const Gather& c;
    const float *x, *filters;  // the group's part
    Windows::Position output[2];
    // The offsets in x and in filters at which the vectors begin, or -1.
    std::int32_t pixel[2], filter[2];
    bool is_output[2];
    KernelPosition position;

    __device__ WindowLoader(const Gather& gather, const float* image, const float* group_filters,
                            std::int32_t first_output, std::int32_t first_filter)
        : c(gather), x(image), filters(group_filters) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
            const std::int32_t row_of_result = first_output + row(j);
            const std::int32_t row_of_filters = first_filter + row(j);
            is_output[j] = row_of_result < c.outputs;
            output[j] =
                c.windows.output(static_cast<std::uint32_t>(is_output[j] ? row_of_result : 0));
            filter[j] = row_of_filters < c.out ? row_of_filters * c.width() + vector() : -1;
        }
        position.advance(vector(), c);
        find_pixels();
    }
    static __device__ int row(int j) {
        return static_cast<int>(threadIdx.x) / 4 + j * (T::kRows / 2);
    }
    static __device__ int vector() { return static_cast<int>(threadIdx.x) % 4 * 4; }

    __device__ void find_pixels() {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
            pixel[j] = -1;
            if (!is_output[j] || !position.exists(c)) continue;
            const std::int32_t number = c.windows.pixel(output[j], position.row, position.column);
            if (number >= 0) pixel[j] = number * c.groups * c.in;
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
        if (position.advance(kDepth, c)) find_pixels();
    }
};

// The forward product. blockIdx.x counts tiles of the result, columns first; blockIdx.y counts
// groups.
template <Precision P, class T>
__global__ void __launch_bounds__(T::kThreads, 2)
    window_kernel(float* y, const float* x, const float* filters, const float* bias,
                  const __grid_constant__ Gather c, const __grid_constant__ Divisor across) {
    extern __shared__ float4 shared[];
    const std::uint32_t tile_row = across.divide(blockIdx.x);
    const std::uint32_t tile_column = blockIdx.x - tile_row * across.size;
    const auto first_output = static_cast<std::int32_t>(tile_row * T::kRows);
    const auto first_filter = static_cast<std::int32_t>(tile_column * T::kColumns);
    const auto group = static_cast<std::int32_t>(blockIdx.y);
    WindowLoader<T> load(c, x + group * c.in, filters + std::int64_t{group} * c.out * c.width(),
                         first_output, first_filter);
    TileSum<P, T, DepthInnermost> sum;
    add_stages<T, DepthInnermost>(sum, reinterpret_cast<float*>(shared),
                                  (c.width() + kDepth - 1) / kDepth, load);
    sum.each_pair([&](int row, int column, float one, float two) {
        const std::int32_t output = first_output + row, filter = first_filter + column;
        const std::int32_t channel = group * c.out + filter;
        if (output >= c.outputs || filter >= c.out) return;
        float* const to = y + c.target(output) * c.groups * c.out + channel;
        to[0] = one + (bias ? bias[channel] : 0);
        if (filter + 1 < c.out) to[1] = two + (bias ? bias[channel + 1] : 0);
    });
}

/// Copies stages of y and of the columns, with k, which counts outputs, outermost. Each thread
/// copies four channels of two outputs of each.
template <class T> struct OutputLoader {
    const Gather& c;
    const float *y, *x;  // the group's part
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
    static constexpr int kVectors = T::kRows / 4;  // vectors of an output
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
            std::int32_t pixel = -1;
            if (is_output && position.exists(c))
                pixel = c.windows.pixel(c.windows.output(static_cast<std::uint32_t>(here)),
                                        position.row, position.column);
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

// The product that gives the gradient of filters. parts [parts, groups, K/groups, positions
// C/groups]: blockIdx.z counts parts of the outputs, blockIdx.y groups.
template <Precision P, class T>
__global__ void __launch_bounds__(T::kThreads, 2)
    output_kernel(float* parts, const float* y, const float* x, const __grid_constant__ Gather c,
                  const __grid_constant__ Divisor across, std::int32_t outputs_of_part) {
    extern __shared__ float4 shared[];
    const std::uint32_t tile_row = across.divide(blockIdx.x);
    const std::uint32_t tile_column = blockIdx.x - tile_row * across.size;
    const auto first_filter = static_cast<std::int32_t>(tile_row * T::kRows);
    const auto first_column = static_cast<std::int32_t>(tile_column * T::kColumns);
    const auto group = static_cast<std::int32_t>(blockIdx.y);
    const std::int32_t first_output = static_cast<std::int32_t>(blockIdx.z) * outputs_of_part;
    const std::int32_t end = min(first_output + outputs_of_part, c.outputs);
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

}  // namespace eps::kernels::cuda
