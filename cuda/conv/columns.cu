// The convolution triple as matrix products of cuBLAS. With an image as a matrix of pixels, a row
// for each pixel and a column for each channel,
//
//     columns[output, (position, c)] = channel c of the pixel that `output` reads through kernel
//                                      position `position`, or 0    [outputs, positions C]
//     y                   = columns filters^T     with filters [K, positions C]
//     gradient of columns = y filters             added up at the pixels they were read from
//     gradient of filters = y^T columns
//
// separately for each group, as a batch. Without strides a window of outputs reads each pixel, just
// as each output reads a window of pixels: unless there are many more pixels than outputs, the
// input's gradient is a product of y's columns, too. Columns are made in strips of bounded size,
// already in f16 or bf16 if factors are rounded to that, and not at all if they are the image
// itself (1x1 filters). All sums have an order that depends on shapes alone: no atomics, and the
// same bits in every run.
#include "cuda/matmul/biased_product.h"
#include "cuda/runtime/context.h"
#include "cuda/conv/convolution.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/matmul/gemm_operand.h"
#include "cuda/runtime/vector.cuh"
#include "tensor/raw_copy.h"

namespace eps::kernels::cuda {
namespace {

// Bytes of columns at a time. On an H200 long products gain more than columns that fit the cache.
constexpr std::int64_t kStripBytes = std::int64_t{512} << 20;

Tensor transposed(const Tensor& x) {
    return x.as_strided({x.size(0), x.size(2), x.size(1)},
                        {x.strides()[0], x.strides()[2], x.strides()[1]}, x.offset());
}

/// The rows of columns in a strip.
std::int64_t rows_of_strip(const Convolution& c, DType dtype) {
    const std::int64_t row =
        std::max<std::int64_t>(1, c.groups * c.width()) * static_cast<std::int64_t>(size_of(dtype));
    return std::max<std::int64_t>(1, kStripBytes / row);
}
Tensor empty_columns(const Convolution& c, std::int64_t rows, const Options& options) {
    return empty({c.groups, rows, c.width()}, options);
}
/// Rows [first, first + rows) of an image whose groups have `channels` channels, as a view
/// [groups, rows, channels].
Tensor rows_of(const Convolution& c, const Tensor& image, std::int64_t channels, std::int64_t first,
               std::int64_t rows) {
    return image.as_strided({c.groups, rows, channels}, {channels, c.groups * channels, 1},
                            image.offset() + first * c.groups * channels);
}

/// The parameters of the two kernels that gather columns and add them up. Columns
/// [groups, rows, positions, C / groups] hold the outputs from `first` on.
struct Columns {
    Windows windows;
    Divisor pieces;    // vectors of a pixel
    Divisor channels;  // channels of a group
    std::uint32_t positions, groups, first, rows;

    Columns(const Convolution& c, int vector, std::int64_t first_output, std::int64_t count)
        : windows(c.windows),
          pieces(static_cast<std::uint32_t>(c.groups * c.in / vector)),
          channels(static_cast<std::uint32_t>(c.in)),
          positions(static_cast<std::uint32_t>(c.positions)),
          groups(static_cast<std::uint32_t>(c.groups)),
          first(static_cast<std::uint32_t>(first_output)),
          rows(static_cast<std::uint32_t>(count)) {}
    /// The channels of the image.
    __device__ std::uint32_t width() const { return groups * channels.size; }
    /// The offset of (row, position, channel), the channel counted over all groups.
    __device__ std::int64_t at(std::uint32_t row, std::uint32_t position,
                               std::uint32_t channel) const {
        const std::uint32_t group = channels.divide(channel);
        return ((std::int64_t{group} * rows + row) * positions + position) * channels.size +
               (channel - group * channels.size);
    }
};

// Each thread copies V channels of a row at all kernel positions, so that many loads are in flight
// together.
template <class T, class To, int V>
__global__ void __launch_bounds__(kBlock)
    gather_kernel(To* __restrict__ columns, const T* __restrict__ x,
                  const __grid_constant__ Columns c, std::uint32_t count) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const std::uint32_t row = c.pieces.divide(i);
    const std::uint32_t channel = (i - row * c.pieces.size) * V;
    To* const to = columns + c.at(row, 0, channel);
    const T* const from = x + channel;
    c.windows.each_pixel(c.first + row, [&](std::int32_t pixel, std::int32_t position) {
        Vector<To, V> values = {};
        if (pixel >= 0)
            values = converted<To>(vector_at<V>(from + std::int64_t{pixel} * c.width()));
        vector_at<V>(to + static_cast<std::uint32_t>(position) * c.channels.size) = values;
    });
}

// Each thread computes V channels of a pixel: the sum over the outputs that read it, in the order
// of the kernel positions. All of these outputs are among the columns.
template <class T, int V>
__global__ void __launch_bounds__(kBlock)
    collect_kernel(T* x, const T* columns, const T* bias, const __grid_constant__ Columns c,
                   std::uint32_t first_pixel, std::uint32_t count) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const std::uint32_t line = c.pieces.divide(i), pixel = first_pixel + line;
    const std::uint32_t channel = (i - line * c.pieces.size) * V;
    Vector<T, V> sum = {};
    if (bias)
        for (int k = 0; k < V; ++k) sum.at[k] = bias[channel + k];
    c.windows.each_output(pixel, [&](std::int64_t output, std::int32_t position) {
        const Vector<T, V> part =
            vector_at<V>(columns + c.at(static_cast<std::uint32_t>(output) - c.first,
                                        static_cast<std::uint32_t>(position), channel));
#pragma unroll
        for (int k = 0; k < V; ++k) sum.at[k] += part.at[k];
    });
    vector_at<V>(x + pixel * c.width() + channel) = sum;
}

template <class T> bool in_vectors(const Convolution& c, const T* image, int vector) {
    return c.in % vector == 0 && is_aligned(image, sizeof(T) * static_cast<std::size_t>(vector));
}

template <class T, class To>
void launch_gather(Tensor& columns, const Tensor& x, const Convolution& c, std::int64_t first) {
    constexpr int kWide = kVector<To>;
    const bool vectors = in_vectors(c, data_of<T>(x), kWide);
    const int width = vectors ? kWide : 1;
    const auto count = static_cast<std::uint32_t>(columns.numel() / (c.positions * width));
    const auto kernel = vectors ? gather_kernel<T, To, kWide> : gather_kernel<T, To, 1>;
    kernel<<<blocks_for(count), kBlock, 0, stream()>>>(
        data_of<To>(columns), data_of<T>(x), Columns(c, width, first, columns.size(1)), count);
}

void gather_columns(Tensor& columns, const Tensor& x, const Convolution& c, std::int64_t first) {
    if (columns.numel() == 0) return;
    if (columns.dtype() == f16)
        launch_gather<float, float16>(columns, x, c, first);
    else if (columns.dtype() == bf16)
        launch_gather<float, bfloat16>(columns, x, c, first);
    else
        visit_real(x, [&]<class T>() { launch_gather<T, T>(columns, x, c, first); });
    check_launch("conv2d");
}

void collect_columns(Tensor& x, const Tensor& columns, const Tensor& bias, const Convolution& c,
                     std::int64_t first, std::int64_t first_pixel, std::int64_t pixels) {
    visit_real(x, [&]<class T>() {
        const bool vectors = in_vectors(c, data_of<T>(x), kVector<T>);
        const int width = vectors ? kVector<T> : 1;
        const auto count = static_cast<std::uint32_t>(pixels * c.groups * c.in / width);
        const auto kernel = vectors ? collect_kernel<T, kVector<T>> : collect_kernel<T, 1>;
        kernel<<<blocks_for(count), kBlock, 0, stream()>>>(
            data_of<T>(x), data_of<T>(columns), data_of<T>(bias),
            Columns(c, width, first, columns.size(1)), static_cast<std::uint32_t>(first_pixel),
            count);
    });
    check_launch("conv2d_input");
}

/// Calls f(columns [groups, rows, positions C / groups], first output) strip by strip.
template <class F> void for_each_strip(const Convolution& c, const Tensor& x, const F& f) {
    if (c.is_product()) return f(rows_of(c, x, c.in, 0, c.outputs()), 0);
    // Converting all of x first, so that each position reads half the bytes, was measured to be
    // slower.
    const DType dtype = factor_type(x.dtype());
    const std::int64_t rows = rows_of_strip(c, dtype);
    for (std::int64_t first = 0; first < c.outputs(); first += rows) {
        Tensor columns = empty_columns(c, std::min(rows, c.outputs() - first), {dtype, x.device()});
        gather_columns(columns, x, c, first);
        f(columns, first);
    }
}

// Sets every pixel of an image to the bias.
void fill_pixels(Tensor& image, const Tensor& bias) {
    copy(image,
         bias.as_strided({1, bias.numel(), 1, 1}, {0, bias.strides()[0], 0, 0}, bias.offset()));
}

// y = columns filters^T + bias
void multiply(Tensor& y, const Tensor& x, const Tensor& filters, const Tensor& bias,
              const Convolution& c) {
    const bool fused = bias.defined() && c.groups == 1;  // cuBLASLt adds the bias
    const bool accumulate = bias.defined() && !fused;
    if (accumulate) fill_pixels(y, bias);
    const Tensor factor = transposed(raw::to(filters, factor_type(filters.dtype())));
    for_each_strip(c, x, [&](const Tensor& columns, std::int64_t first) {
        Tensor out = rows_of(c, y, c.out, first, columns.size(1));
        fused ? biased_product(out, columns, factor, bias)
              : matmul(out, columns, factor, accumulate);
    });
}

bool forward(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
             const Convolution& c) {
    multiply(y, x, filters_of(c, w), bias, c);
    return true;
}

bool input_gradient(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                    const Convolution& c) {
    if (c.is_worth_reversing()) {
        multiply(x, y, reversed_filters_of(c, w), bias, c.reversed());
        return true;
    }
    const Tensor filters = filters_of(c, w);
    // A strip is some whole images or, if one alone is too large, some rows of one with all the
    // outputs that read them.
    const Axis& down = c.windows.y;
    const std::int64_t strip = rows_of_strip(c, x.dtype());
    const std::int64_t of_image = std::max<std::int64_t>(1, c.windows.outputs());
    const std::int64_t images = std::max<std::int64_t>(1, strip / of_image);
    std::int64_t rows = down.inputs;
    if (of_image > strip)
        rows = std::max<std::int64_t>(1, strip / c.windows.x.outputs * down.stride.size -
                                             (down.positions - 1) * down.dilation);
    for (std::int64_t image = 0; image < c.images; image += images)
        for (std::int64_t row = 0; row < down.inputs; row += rows) {
            const std::int64_t here = std::min(images, c.images - image);
            const std::int64_t end = std::min<std::int64_t>(row + rows, down.inputs);
            const Axis::Range readers =
                down.outputs_of(static_cast<std::int32_t>(row), static_cast<std::int32_t>(end));
            const std::int64_t first = (image * down.outputs + readers.begin) * c.windows.x.outputs;
            const std::int64_t count =
                ((here - 1) * down.outputs + readers.end - readers.begin) * c.windows.x.outputs;
            Tensor columns = empty_columns(c, count, x.options());
            if (columns.numel() > 0)
                matmul(columns, rows_of(c, y, c.out, first, count), filters, false);
            collect_columns(x, columns, bias, c, first,
                            (image * down.inputs + row) * c.windows.x.inputs,
                            ((here - 1) * down.inputs + end - row) * c.windows.x.inputs);
        }
    return true;
}

bool weight_gradient(Tensor& w, const Tensor& x, const Tensor& y, const Convolution& c) {
    Tensor out = empty_filters(c, w);
    for_each_strip(c, x, [&](const Tensor& columns, std::int64_t first) {
        matmul(out, transposed(rows_of(c, y, c.out, first, columns.size(1))), columns, first > 0);
    });
    keep_filters(w, out, c);
    return true;
}

}  // namespace

const ConvAlgorithm conv_by_columns{forward, input_gradient, weight_gradient};

}  // namespace eps::kernels::cuda
