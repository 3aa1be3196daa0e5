// searchsorted: each thread searches for one value.
#include "cuda/runtime/context.h"
#include "cuda/reduction/lines.cuh"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/search.h"

namespace eps::kernels::cuda {
namespace {

// Operands: 0 out, 1 values, 2 sorted with extent 1 along the last dimension.
template <class T>
__global__ void search_kernel(std::int64_t* out, const T* values, const T* sorted,
                              std::int64_t stride, std::int64_t extent, bool right,
                              const __grid_constant__ Lines<3> loop) {
    const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= loop.count) return;
    const auto at = loop.at(i);
    out[at.of[0]] = math::count_below(sorted + at.of[2], stride, extent, values[at.of[1]], right);
}

}  // namespace

void searchsorted(Tensor& out, const Tensor& sorted, const Tensor& values, bool right) {
    if (out.numel() == 0) return;
    check_count(out.numel(), "searchsorted");
    const Tensor starts = line_starts(sorted, sorted.rank() - 1);
    const Lines<3> loop(plan_loop<3>({&out, &values, &starts}));
    visit_number(values.dtype(), [&]<class T>() {
        search_kernel<<<blocks_for(loop.count), kBlock, 0, stream()>>>(
            static_cast<std::int64_t*>(out.raw_data()), static_cast<const T*>(values.raw_data()),
            static_cast<const T*>(sorted.raw_data()), sorted.strides().back(), sorted.size(-1),
            right, loop);
        check_launch("searchsorted");
    });
}

}  // namespace eps::kernels::cuda
