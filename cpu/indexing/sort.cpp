// argsort. The values of a line are copied beside their indices, so that a comparison reads what a
// move moves.
#include <algorithm>
#include <vector>

#include "cpu/reduction/lines.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"
#include "tensor/scalar/search.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 1024;  // elements that are worth a second thread

template <class T> struct Keyed {
    T key;
    std::int64_t index;
};

template <class T> bool less(const Keyed<T>& a, const Keyed<T>& b) {
    return math::sorts_before(a.key, b.key);
}

// The line's operands are to and from; `order` is scratch memory for its elements.
template <class T>
void sort_line(std::int64_t* to, const T* from, const LoopDimension<2>& line, bool descending,
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
    const Lines<2> lines({&out, &src}, src.shape(), dim);
    auto* const to = out.data<std::int64_t>();
    visit_number("argsort", src.dtype(), [&]<class T>() {
        const T* const from = static_cast<const T*>(src.raw_data());
        parallel_for(lines.starts.count(), std::max<std::int64_t>(1, kGrain / lines.line.size),
                     [&](std::int64_t begin, std::int64_t end) {
                         std::vector<Keyed<T>> order(static_cast<std::size_t>(lines.line.size));
                         LoopIterator<2> at(lines.starts, begin);
                         for (std::int64_t l = begin; l < end; ++l, at.next())
                             sort_line(to + at[0], from + at[1], lines.line, descending, order);
                     });
    });
}

}  // namespace eps::kernels::cpu
