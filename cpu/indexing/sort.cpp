// argsort and searchsorted. In sorting, each line's values are copied next to their indices, so
// that comparing reads what moving moves.
#include <algorithm>
#include <vector>

#include "cpu/reduction/lines.h"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/search.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 1024;  // elements worth a second thread

template <class T> struct Keyed {
    T key;
    std::int64_t index;
};

template <class T> bool less(const Keyed<T>& a, const Keyed<T>& b) {
    return math::sorts_before(a.key, b.key);
}

template <class T>
void sort_line(std::int64_t* to, const T* from, const Axis<2>& line, bool descending,
               std::vector<Keyed<T>>& order) {
    for (std::int64_t i = 0; i < line.size; ++i)
        order[static_cast<std::size_t>(i)] = {from[i * line.strides[1]], i};
    if (descending)
        std::stable_sort(order.begin(), order.end(),
                         [](const Keyed<T>& a, const Keyed<T>& b) { return less(b, a); });
    else
        std::stable_sort(order.begin(), order.end(),
                         [](const Keyed<T>& a, const Keyed<T>& b) { return less(a, b); });
    for (std::int64_t i = 0; i < line.size; ++i)
        to[i * line.strides[0]] = order[static_cast<std::size_t>(i)].index;
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
    visit_number("argsort", src.dtype(), [&]<class T>() {
        const T* source = static_cast<const T*>(src.raw_data());
        parallel_for(lines.count(), std::max<std::int64_t>(1, kGrain / line.size),
                     [&](std::int64_t begin, std::int64_t end) {
                         std::vector<Keyed<T>> order(static_cast<std::size_t>(line.size));
                         Walk<2> at(lines, begin);
                         for (std::int64_t l = begin; l < end; ++l, at.next())
                             sort_line(target + at[0], source + at[1], line, descending, order);
                     });
    });
}

void searchsorted(Tensor& out, const Tensor& sorted, const Tensor& values, bool right) {
    if (out.numel() == 0) return;
    const std::int64_t extent = sorted.shape().back(), stride = sorted.strides().back();
    Strides still = sorted.strides();
    still[still.rank() - 1] = 0;
    // of the line that each value is sought in
    const Tensor starts = sorted.as_strided(out.shape(), still, sorted.offset());
    Nest<3> places;
    for (int d = 0; d < out.rank(); ++d)
        places.append(axis_of<3>({&out, &values, &starts}, out.shape(), d));
    visit_number("searchsorted", values.dtype(), [&]<class T>() {
        auto* const to = static_cast<std::int64_t*>(out.raw_data());
        const T *const x = static_cast<const T*>(values.raw_data()), *const from =
                                                                         static_cast<const T*>(
                                                                             starts.raw_data());
        parallel_for(places.count(), kGrain, [&](std::int64_t begin, std::int64_t end) {
            Walk<3> at(places, begin);
            for (std::int64_t i = begin; i < end; ++i, at.next())
                to[at[0]] = math::count_below(from + at[2], stride, extent, x[at[1]], right);
        });
    });
}

}  // namespace eps::kernels::cpu
