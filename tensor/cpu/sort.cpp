#include <algorithm>
#include <numeric>
#include <vector>

#include "tensor/cpu/lines.h"
#include "tensor/kernels.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {

void argsort(Tensor& out, const Tensor& src, int dim, bool descending) {
    if (out.numel() == 0) return;
    if (src.rank() == 0) return fill(out, 0);
    auto* target = out.data<std::int64_t>();
    const Lines lines(src.shape(), dim);
    const std::int64_t length = src.size(dim), stride = src.strides()[dim];
    visit(src.dtype(), [&]<class T>() {
        if constexpr (!std::is_same_v<T, bfloat16>) {
            const T* source = static_cast<const T*>(src.raw_data());
            parallel_for(lines.count(), std::max<std::int64_t>(1, 4096 / length), [&](std::int64_t begin, std::int64_t end) {
                std::vector<std::int64_t> order(static_cast<std::size_t>(length));
                for (std::int64_t l = begin; l < end; ++l) {
                    const T* x = source + lines.offset(l, src.strides());
                    const auto less = [&](std::int64_t i, std::int64_t j) {  // NaN is larger than everything
                        const T a = x[i * stride], b = x[j * stride];
                        return b != b ? a == a : a < b;
                    };
                    std::iota(order.begin(), order.end(), std::int64_t{0});
                    if (descending) std::stable_sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) { return less(j, i); });
                    else std::stable_sort(order.begin(), order.end(), less);
                    std::int64_t* to = target + lines.offset(l, out.strides());
                    for (std::int64_t i = 0; i < length; ++i) to[i * out.strides()[dim]] = order[static_cast<std::size_t>(i)];
                }
            });
        }
    });
}

}  // namespace eps::kernels::cpu
