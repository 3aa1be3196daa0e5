#include <varepsilon_op.h>

using namespace eps;
using namespace eps::kernels::cuda;

namespace {

/// A thread computes one element of out.
template <class T>
__global__ void distance_kernel(T* out, const T* a, const T* b, std::int64_t m, std::int64_t n,
                                std::int64_t k) {
    const std::int64_t index = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (index >= m * n) return;
    const T* const from_a = a + index / n * k;
    const T* const from_b = b + index % n * k;
    T total = 0;
    for (std::int64_t c = 0; c < k; ++c) {
        const T d = from_a[c] - from_b[c];
        total += d * d;
    }
    out[index] = total;
}

template <class T> void launch(Tensor& out, const Tensor& a, const Tensor& b) {
    distance_kernel<T><<<blocks_for(out.numel()), kBlock, 0, stream()>>>(
        static_cast<T*>(out.raw_data()), static_cast<const T*>(a.raw_data()),
        static_cast<const T*>(b.raw_data()), a.size(0), b.size(0), a.size(1));
    check_launch("squared_distances");
}

}  // namespace

void squared_distances_cuda(Tensor& out, const Tensor& a, const Tensor& b) {
    out.dtype() == f32 ? launch<float>(out, a, b) : launch<double>(out, a, b);
}
