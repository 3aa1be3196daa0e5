// Max pooling, straight from its definition: one thread for each result. Neighbouring threads take
// neighbouring channels.
#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

struct Extents {
    std::int64_t channels, height, width, rows, columns;
};

template <class T>
__global__ void max_pool2d_kernel(T* values, std::int64_t* indices, const T* x,
                                  const __grid_constant__ PoolGeometry geometry,
                                  const __grid_constant__ Extents e, std::int64_t count) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= count) return;
    const std::int64_t c = i % e.channels;
    const std::int64_t column = i / e.channels % e.columns;
    const std::int64_t row = i / e.channels / e.columns % e.rows;
    const std::int64_t b = i / e.channels / e.columns / e.rows;
    const T* const image = x + b * e.height * e.width * e.channels + c;
    const auto ys = geometry.window(0, row, e.height, e.rows);
    const auto xs = geometry.window(1, column, e.width, e.columns);
    std::int64_t pixel = ys.first * e.width + xs.first;
    T best = image[pixel * e.channels];
    for (std::int64_t y = ys.first; y < ys.end; y += ys.step)
        for (std::int64_t x_at = xs.first; x_at < xs.end; x_at += xs.step) {
            const T value = image[(y * e.width + x_at) * e.channels];
            if (value > best || value != value) {  // NaN wins
                best = value;
                pixel = y * e.width + x_at;
            }
        }
    values[i] = best;
    indices[i] = pixel;
}

}  // namespace

void max_pool2d(Tensor& values, Tensor& indices, const Tensor& x, const PoolGeometry& geometry) {
    if (values.numel() == 0) return;
    check_count(values.numel(), "max_pool2d");
    const Extents extents{x.size(1), x.size(2), x.size(3), values.size(2), values.size(3)};
    visit_number(x.dtype(), [&]<class T>() {
        max_pool2d_kernel<T><<<blocks_for(values.numel()), kBlock, 0, stream()>>>(
            data_of<T>(values), data_of<std::int64_t>(indices), data_of<T>(x), geometry, extents,
            values.numel());
    });
    check_launch("max_pool2d");
}

}  // namespace eps::kernels::cuda
