// The convolution triple, straight from its definition: a thread for each result, channels side by side, so that neighbouring threads read
// neighbouring filters or pixels; a block for each filter tap.
#include "cuda/block.cuh"
#include "cuda/lines.cuh"
#include "tensor/kernels.h"

namespace eps::kernels::cuda {
namespace {

struct Extents {
    std::int64_t batch, in, out, height, width, out_height, out_width, taps_y, taps_x;  // in, out: channels of all groups
    std::int64_t stride_y, stride_x, before_y, before_x, step_y, step_x, group_in, group_out;
};

Extents extents_of(const Tensor& x, const Tensor& y, const Tensor& w, const ConvGeometry& g) {
    return {x.size(0), x.size(1), y.size(1), x.size(2), x.size(3), y.size(2), y.size(3), w.size(2), w.size(3), g.stride[0], g.stride[1], g.padding[0],
            g.padding[1], g.dilation[0], g.dilation[1], x.size(1) / g.groups, y.size(1) / g.groups};
}

template <class T>
__global__ void forward_kernel(T* y, const T* x, const T* w, const T* bias, const __grid_constant__ Extents e, std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const std::int64_t k = i % e.out, column = i / e.out % e.out_width, row = i / e.out / e.out_width % e.out_height, b = i / e.out / e.out_width / e.out_height;
    const std::int64_t first = k / e.group_out * e.group_in;
    T sum = bias ? bias[k] : T(0);
    for (std::int64_t u = 0; u < e.taps_y; ++u) {
        const std::int64_t py = row * e.stride_y - e.before_y + u * e.step_y;
        if (py < 0 || py >= e.height) continue;
        for (std::int64_t v = 0; v < e.taps_x; ++v) {
            const std::int64_t px = column * e.stride_x - e.before_x + v * e.step_x;
            if (px < 0 || px >= e.width) continue;
            const T* const pixel = x + ((b * e.height + py) * e.width + px) * e.in + first;
            const T* const tap = w + (k * e.group_in * e.taps_y + u) * e.taps_x + v;
            for (std::int64_t c = 0; c < e.group_in; ++c) sum += pixel[c] * tap[c * e.taps_y * e.taps_x];
        }
    }
    y[i] = sum;
}

template <class T>
__global__ void input_kernel(T* x, const T* y, const T* w, const T* bias, const __grid_constant__ Extents e, std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const std::int64_t c = i % e.in, column = i / e.in % e.width, row = i / e.in / e.width % e.height, b = i / e.in / e.width / e.height;
    const std::int64_t first = c / e.group_in * e.group_out;
    T sum = bias ? bias[c] : T(0);
    for (std::int64_t u = 0; u < e.taps_y; ++u) {
        const std::int64_t from_y = row + e.before_y - u * e.step_y;
        if (from_y < 0 || from_y % e.stride_y != 0 || from_y / e.stride_y >= e.out_height) continue;
        for (std::int64_t v = 0; v < e.taps_x; ++v) {
            const std::int64_t from_x = column + e.before_x - v * e.step_x;
            if (from_x < 0 || from_x % e.stride_x != 0 || from_x / e.stride_x >= e.out_width) continue;
            const T* const pixel = y + ((b * e.out_height + from_y / e.stride_y) * e.out_width + from_x / e.stride_x) * e.out + first;
            const T* const tap = w + ((first * e.group_in + c % e.group_in) * e.taps_y + u) * e.taps_x + v;
            for (std::int64_t k = 0; k < e.group_out; ++k) sum += pixel[k] * tap[k * e.group_in * e.taps_y * e.taps_x];
        }
    }
    x[i] = sum;
}

template <class T>
__global__ void __launch_bounds__(kBlock) weight_kernel(T* w, const T* x, const T* y, const __grid_constant__ Extents e) {
    __shared__ T memory[kBlock];
    const std::int64_t i = blockIdx.x;
    const std::int64_t v = i % e.taps_x, u = i / e.taps_x % e.taps_y, c = i / e.taps_x / e.taps_y % e.group_in, k = i / e.taps_x / e.taps_y / e.group_in;
    const std::int64_t places = e.batch * e.out_height * e.out_width, channel = k / e.group_out * e.group_in + c;
    T sum = 0;
    for (std::int64_t p = threadIdx.x; p < places; p += kBlock) {
        const std::int64_t column = p % e.out_width, row = p / e.out_width % e.out_height, b = p / e.out_width / e.out_height;
        const std::int64_t py = row * e.stride_y - e.before_y + u * e.step_y, px = column * e.stride_x - e.before_x + v * e.step_x;
        if (py < 0 || py >= e.height || px < 0 || px >= e.width) continue;
        sum += y[p * e.out + k] * x[((b * e.height + py) * e.width + px) * e.in + channel];
    }
    sum = block_sum(sum, memory);
    if (threadIdx.x == 0) w[i] = sum;
}

}  // namespace

void conv2d(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias, const ConvGeometry& geometry) {
    if (y.numel() == 0) return;
    check_count(y.numel(), "conv2d");
    visit_real(y, [&]<class T>() {
        forward_kernel<T><<<blocks_for(y.numel()), kBlock, 0, stream()>>>(data_of<T>(y), data_of<T>(x), data_of<T>(w), data_of<T>(bias),
                                                                          extents_of(x, y, w, geometry), y.numel());
    });
    check_launch("conv2d");
}

void conv2d_input(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias, const ConvGeometry& geometry) {
    if (x.numel() == 0) return;
    check_count(x.numel(), "conv2d_input");
    visit_real(x, [&]<class T>() {
        input_kernel<T><<<blocks_for(x.numel()), kBlock, 0, stream()>>>(data_of<T>(x), data_of<T>(y), data_of<T>(w), data_of<T>(bias),
                                                                        extents_of(x, y, w, geometry), x.numel());
    });
    check_launch("conv2d_input");
}

void conv2d_weight(Tensor& w, const Tensor& x, const Tensor& y, const ConvGeometry& geometry) {
    if (w.numel() == 0) return;
    check_count(w.numel(), "conv2d_weight");
    visit_real(w, [&]<class T>() {
        weight_kernel<T><<<static_cast<unsigned>(w.numel()), kBlock, 0, stream()>>>(data_of<T>(w), data_of<T>(x), data_of<T>(y), extents_of(x, y, w, geometry));
    });
    check_launch("conv2d_weight");
}

}  // namespace eps::kernels::cuda
