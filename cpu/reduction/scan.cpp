// argmax and cumsum: along lines, in order.
#include <algorithm>
#include <array>

#include "cpu/reduction/lines.h"
#include "cpu/reduction/reduce.h"
#include "cpu/reduction/reduce_plan.h"
#include "tensor/contract/kernels.h"
#include "tensor/contract/running_total.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

/// From so many elements on, argmax is faster in two vectorised passes than in one that branches.
constexpr std::int64_t kLongLine = 64;

// The extreme value first, then the first index that holds it.
template <class R, class T> std::int64_t find_extreme(const T* x, std::int64_t n) {
    const T best = reduce_line<R, T>(x, 1, n);
    std::int64_t i = 0;
    if (best != best)
        while (x[i] == x[i]) ++i;
    else
        while (x[i] != best) ++i;
    return i;
}

// Operand 1 of the line is x.
template <class T>
std::int64_t argmax_line(const T* x, const LoopDimension<2>& line, bool smallest) {
    if (line.strides[1] == 1 && line.size >= kLongLine)
        return smallest ? find_extreme<MinOf<T>>(x, line.size)
                        : find_extreme<MaxOf<T>>(x, line.size);
    std::int64_t best = 0;
    T so_far = x[0];
    for (std::int64_t i = 1; i < line.size && so_far == so_far; ++i) {  // ends at the first NaN
        const T here = x[i * line.strides[1]];
        if (here != here || (smallest ? here < so_far : here > so_far)) {
            best = i;
            so_far = here;
        }
    }
    return best;
}

template <class T> void argmax_typed(Tensor& out, const Tensor& src, int dim, bool smallest) {
    const Lines<2> lines({&out, &src}, src.shape(), dim);
    auto* const to = out.data<std::int64_t>();
    const T* const from = static_cast<const T*>(src.raw_data());
    parallel_for(lines.starts.count(), reduce_grain(lines.line.size),
                 [&](std::int64_t begin, std::int64_t end) {
                     LoopIterator<2> at(lines.starts, begin);
                     for (std::int64_t l = begin; l < end; ++l, at.next())
                         to[at[0]] = argmax_line(from + at[1], lines.line, smallest);
                 });
}

/// The running sums of lines, each of `length` steps. Operand 0 is the target, 1 the source; a
/// reversed sum begins at the end and has negative steps. Sums of f32 are carried in f64.
template <class T> struct RunningSums {
    using Total = RunningTotal<T>;
    static Total sum_of(Total a, Total b) { return static_cast<Total>(a + b); }  // u8 wraps
    std::int64_t length, to_step, from_step;
    LoopDimension<2> inner;

    // One line, by fours: each group is summed before the total is added to it, so that additions
    // wait for one another once in four elements.
    void line(T* to, const T* from) const {
        Total total = 0;
        std::int64_t k = 0;
        for (; k + 4 <= length; k += 4) {
            const T* const x = from + k * from_step;
            const Total a = x[0], ab = sum_of(a, x[from_step]);
            const Total c = x[2 * from_step], cd = sum_of(c, x[3 * from_step]);
            T* const y = to + k * to_step;
            y[0] = static_cast<T>(sum_of(total, a));
            y[to_step] = static_cast<T>(sum_of(total, ab));
            y[2 * to_step] = static_cast<T>(sum_of(total, sum_of(ab, c)));
            y[3 * to_step] = static_cast<T>(total = sum_of(total, sum_of(ab, cd)));
        }
        for (; k < length; ++k)
            to[k * to_step] = static_cast<T>(total = sum_of(total, from[k * from_step]));
    }
    // Lines [first, last) side by side, a few hundred of them at a time.
    void lines(T* to, const T* from, std::int64_t first, std::int64_t last) const {
        std::array<Total, 256> totals;
        constexpr std::int64_t most = totals.size();
        for (std::int64_t begin = first; begin < last; begin += most) {
            const std::int64_t count = std::min(most, last - begin);
            std::fill_n(totals.begin(), count, Total(0));
            T* const y = to + begin * inner.strides[0];
            const T* const x = from + begin * inner.strides[1];
            std::int64_t k = 0;
            for (; k + 4 <= length; k += 4)
                rows<4>(y + k * to_step, x + k * from_step, totals.data(), count);
            for (; k < length; ++k)
                rows<1>(y + k * to_step, x + k * from_step, totals.data(), count);
        }
    }
    // The next rows of the lines, whose totals are loaded once for all of them.
    template <int Rows>
    void rows(T* __restrict to, const T* from, Total* __restrict totals, std::int64_t count) const {
        const auto [to_inner, from_inner] = inner.strides;
#pragma GCC ivdep
        for (std::int64_t i = 0; i < count; ++i) {
            Total total = totals[i];
            for (int r = 0; r < Rows; ++r)
                to[r * to_step + i * to_inner] =
                    static_cast<T>(total = sum_of(total, from[r * from_step + i * from_inner]));
            totals[i] = total;
        }
    }
};

template <class T> void cumsum_typed(Tensor& out, const Tensor& src, int dim, bool reverse) {
    const LineBlocks<2> blocks({&out, &src}, out.shape(), dim);
    const auto [to_stride, from_stride] = blocks.line.strides;
    const std::int64_t length = blocks.line.size, sign = reverse ? -1 : 1;
    const std::int64_t start = reverse ? length - 1 : 0;
    const RunningSums<T> sums{length, sign * to_stride, sign * from_stride, blocks.inner};
    T* const to = static_cast<T*>(out.raw_data()) + start * to_stride;
    const T* const from = static_cast<const T*>(src.raw_data()) + start * from_stride;
    parallel_lines(
        blocks, [&](std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last) {
            LoopIterator<2> at(blocks.outer, begin);
            for (std::int64_t outer = begin; outer < end; ++outer, at.next()) {
                if (blocks.inner.size == 1)
                    sums.line(to + at[0], from + at[1]);
                else
                    sums.lines(to + at[0], from + at[1], first, last);
            }
        });
}

}  // namespace

void argmax(Tensor& out, const Tensor& src, int dim, bool smallest) {
    if (out.numel() == 0) return;
    visit_number("argmax", src.dtype(),
                 [&]<class T>() { argmax_typed<T>(out, src, dim, smallest); });
}

void cumsum(Tensor& out, const Tensor& src, int dim, bool reverse) {
    if (out.numel() == 0) return;
    visit_number("cumsum", out.dtype(),
                 [&]<class T>() { cumsum_typed<T>(out, src, dim, reverse); });
}

}  // namespace eps::kernels::cpu
