// searchsorted: a binary search for each value.
#include "tensor/scalar/search.h"

#include "tensor/contract/kernels.h"
#include "tensor/contract/loop.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"
#include "tensor/raw_copy.h"

namespace eps::kernels::cpu {

void searchsorted(Tensor& out, const Tensor& sorted, const Tensor& values, bool right) {
    constexpr std::int64_t grain = 1024;  // values that are worth a second thread
    if (out.numel() == 0) return;
    const std::int64_t extent = sorted.shape().back(), stride = sorted.strides().back();
    // For each value, the start of the line in which it is sought.
    Strides start_strides = sorted.strides();
    start_strides[start_strides.rank() - 1] = 0;
    const Tensor starts = raw::view(sorted, out.shape(), start_strides, sorted.offset());

    Loop<3> loop;
    for (int d = 0; d < out.rank(); ++d)
        loop.append(dimension_of<3>({&out, &values, &starts}, out.shape(), d));
    auto* const to = static_cast<std::int64_t*>(out.raw_data());
    visit_number("searchsorted", values.dtype(), [&]<class T>() {
        const T* const x = static_cast<const T*>(values.raw_data());
        const T* const lines = static_cast<const T*>(starts.raw_data());
        parallel_for(loop.count(), grain, [&](std::int64_t begin, std::int64_t end) {
            LoopIterator<3> at(loop, begin);
            for (std::int64_t i = begin; i < end; ++i, at.next())
                to[at[0]] = math::count_below(lines + at[2], stride, extent, x[at[1]], right);
        });
    });
}

}  // namespace eps::kernels::cpu
