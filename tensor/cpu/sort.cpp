// argsort and searchsorted. In sorting, each line's values are copied next to their indices, so that comparing reads what moving moves.
#include <algorithm>
#include <vector>

#include "tensor/cpu/lines.h"
#include "tensor/kernels.h"
#include "tensor/loop.h"
#include "tensor/math/search.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 1024;  // elements worth a second thread

template <class T>
struct Keyed {
    T key;
    std::int64_t index;
};

template <class T>
bool less(const Keyed<T>& a, const Keyed<T>& b) {
    return math::sorts_before(a.key, b.key);
}

template <class T>
void sort_line(std::int64_t* to, const T* from, const Axis<2>& line, bool descending, std::vector<Keyed<T>>& order) {
    for (std::int64_t i = 0; i < line.size; ++i) order[static_cast<std::size_t>(i)] = {from[i * line.strides[1]], i};
    if (descending) std::stable_sort(order.begin(), order.end(), [](const Keyed<T>& a, const Keyed<T>& b) { return less(b, a); });
    else std::stable_sort(order.begin(), order.end(), [](const Keyed<T>& a, const Keyed<T>& b) { return less(a, b); });
    for (std::int64_t i = 0; i < line.size; ++i) to[i * line.strides[0]] = order[static_cast<std::size_t>(i)].index;
}

}  // namespace

void argsort(Tensor& out, const Tensor& src, int dim, bool descending) {
    if (out.numel() == 0) return;
    if (src.rank() == 0) return fill(out, 0);
    Nest<2> lines;
    for (int d = 0; d < src.rank(); ++d)
        if (d != dim) lines.append(axis_of<2>({&out, &src}, src.shape(), d));
    const Axis<2> line = axis_of<2>({&out, &src}, src.shape(), dim);
    auto* target = out.data<std::int64_t>();
    visit(src.dtype(), [&]<class T>() {
        if constexpr (std::is_same_v<T, bfloat16>) {
            fail("argsort", "bf16 is a storage type; got ", describe(src));
        } else {
            const T* source = static_cast<const T*>(src.raw_data());
            parallel_for(lines.count(), std::max<std::int64_t>(1, kGrain / line.size), [&](std::int64_t begin, std::int64_t end) {
                std::vector<Keyed<T>> order(static_cast<std::size_t>(line.size));
                Walk<2> at(lines, begin);
                for (std::int64_t l = begin; l < end; ++l, at.next()) sort_line(target + at[0], source + at[1], line, descending, order);
            });
        }
    });
}

void searchsorted(Tensor& out, const Tensor& sorted, const Tensor& values, bool right) {
    if (out.numel() == 0) return;
    Shape line = sorted.shape();
    const std::int64_t extent = line.back(), stride = sorted.strides().back();
    line[line.rank() - 1] = 1;
    const Tensor starts = sorted.as_strided(line, sorted.strides(), sorted.offset());  // of the line that each value is sought in
    const auto loop = plan_loop<3>({&out, &values, &starts});
    const std::int64_t inner = loop.inner_size();
    visit(values.dtype(), [&]<class T>() {
        if constexpr (std::is_same_v<T, bfloat16>) {
            fail("searchsorted", "bf16 is a storage type; got ", describe(values));
        } else {
            parallel_for(loop.outer_count(), std::max<std::int64_t>(1, kGrain / inner), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t row = begin; row < end; ++row) {
                    auto* const to = static_cast<std::int64_t*>(out.raw_data()) + loop.row_offset(0, row);
                    const T* const x = static_cast<const T*>(values.raw_data()) + loop.row_offset(1, row);
                    const T* const from = static_cast<const T*>(sorted.raw_data()) + loop.row_offset(2, row);
                    for (std::int64_t i = 0; i < inner; ++i)
                        to[i * loop.inner_stride(0)] =
                            math::count_below(from + i * loop.inner_stride(2), stride, extent, x[i * loop.inner_stride(1)], right);
                }
            });
        }
    });
}

}  // namespace eps::kernels::cpu
