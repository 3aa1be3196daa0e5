// Max pooling, straight from its definition: a thread for each result, channels side by side.
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
    const std::int64_t c = i % e.channels, column = i / e.channels % e.columns,
                       row = i / e.channels / e.columns % e.rows,
                       b = i / e.channels / e.columns / e.rows;
    const T* const image = x + b * e.height * e.width * e.channels + c;
    const auto down = geometry.window(0, row, e.height, e.rows),
               across = geometry.window(1, column, e.width, e.columns);
    std::int64_t place = down.first * e.width + across.first;
    T best = image[place * e.channels];
    for (std::int64_t u = down.first; u < down.end; u += down.step)
        for (std::int64_t v = across.first; v < across.end; v += across.step) {
            const T value = image[(u * e.width + v) * e.channels];
            if (value > best || value != value) {
                best = value;
                place = u * e.width + v;
            }
        }
    values[i] = best;
    indices[i] = place;
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
