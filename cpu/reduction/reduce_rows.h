#pragma once
// Reductions whose elements are neighbours in memory.
//
//     out[o] = combine of src[o, r]      r runs along memory
//
// Every row is cut into chunks of at most kChunk elements, each of which keeps kRunningValues
// running values; the chunks of a row are combined along a tree. Three ways to go about it:
//     single         one chunk is the whole row
//     side_by_side   rows of a few elements: 16 rows at a time, element after element
//     chunked        long rows: all chunks of all rows in parallel, then each row's tree
#include <vector>

#include "cpu/reduction/reduce.h"
#include "cpu/reduction/reduce_plan.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {

template <class R, class T, class S> class ReduceRows {
    static constexpr std::int64_t kChunk = 4096;
    static constexpr std::int64_t kShortRow = 32;    // shorter rows are combined side by side
    static constexpr std::int64_t kSideBySide = 16;  // so many of them

public:
    ReduceRows(T* out, const S* src, const ReducePlan& plan)
        : out_(out), src_(src), outputs_(plan.outputs), outer_(plan.reduced), inner_(outer_.pop()) {
        pieces_ = ceil_div(inner_.size, kChunk);
        chunks_ = outer_.count() * pieces_;
    }

    void run() const {
        if (chunks_ > 1) return chunked();
        Loop<2> around = outputs_;
        const LoopDimension<2> rows = around.pop();
        if (inner_.size < kShortRow && rows.size > 1)
            side_by_side(rows, around);
        else
            single();
    }

private:
    void single() const {
        parallel_for(
            outputs_.count(), reduce_grain(inner_.size), [&](std::int64_t begin, std::int64_t end) {
                LoopIterator<2> at(outputs_, begin);
                for (std::int64_t o = begin; o < end; ++o, at.next())
                    out_[at[1]] = reduce_line<R, T>(src_ + at[0], inner_.strides[0], inner_.size);
            });
    }

    // `rows` is the innermost dimension of the outputs, `around` are the others.
    void side_by_side(const LoopDimension<2>& rows, const Loop<2>& around) const {
        const std::int64_t groups = ceil_div(rows.size, kSideBySide);
        parallel_for(around.count() * groups, reduce_grain(inner_.size * kSideBySide),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t unit = begin; unit < end; ++unit) {
                             const LoopIterator<2> at(around, unit / groups);
                             row_group(rows, at, unit % groups * kSideBySide);
                         }
                     });
    }
    // At most kSideBySide of those rows, from `first` on.
    void row_group(const LoopDimension<2>& rows, const LoopIterator<2>& at,
                   std::int64_t first) const {
        const auto [row_stride, to_stride] = rows.strides;
        const S* const x = src_ + at[0] + first * row_stride;
        T* const to = out_ + at[1] + first * to_stride;
        if (first + kSideBySide <= rows.size)
            combine_side_by_side(to, to_stride, x, row_stride, kSideBySide);
        else
            combine_side_by_side(to, to_stride, x, row_stride, rows.size - first);
    }
    [[gnu::always_inline]] void combine_side_by_side(T* to, std::int64_t to_stride,
                                                     const S* __restrict x, std::int64_t row_stride,
                                                     std::int64_t count) const {
        T values[kSideBySide];
        std::fill_n(values, kSideBySide, R::identity());
        const std::int64_t length = inner_.size, stride = inner_.strides[0];
        for (std::int64_t i = 0; i < length; ++i, x += stride)
            for (std::int64_t r = 0; r < count; ++r)
                values[r] = R::combine(values[r], static_cast<T>(x[r * row_stride]));
        for (std::int64_t r = 0; r < count; ++r) to[r * to_stride] = values[r];
    }

    void chunked() const {
        const std::int64_t outputs = outputs_.count();
        std::vector<T> partial(static_cast<std::size_t>(outputs * chunks_));
        parallel_for(outputs * chunks_, reduce_grain(std::min(kChunk, inner_.size)),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t u = begin; u < end; ++u) {
                             const std::int64_t row = LoopIterator<2>(outputs_, u / chunks_)[0];
                             partial[static_cast<std::size_t>(u)] = chunk(row, u % chunks_);
                         }
                     });
        for (std::int64_t o = 0; o < outputs; ++o) {
            T* const values = partial.data() + o * chunks_;
            combine_rows<R>(values, chunks_, 1, 1);
            out_[LoopIterator<2>(outputs_, o)[1]] = values[0];
        }
    }
    // Chunk c of the row that begins at src[row].
    T chunk(std::int64_t row, std::int64_t c) const {
        const LoopIterator<1> at(outer_, c / pieces_);
        const std::int64_t first = c % pieces_ * kChunk;
        return reduce_line<R, T>(src_ + row + at[0] + first * inner_.strides[0], inner_.strides[0],
                                 std::min(kChunk, inner_.size - first));
    }

    T* out_;
    const S* src_;
    const Loop<2>& outputs_;
    Loop<1> outer_;           // a row: `outer` runs of `inner` elements,
    LoopDimension<1> inner_;  // each run cut into `pieces`,
    std::int64_t pieces_;     // which makes `chunks` of all runs together
    std::int64_t chunks_;
};

}  // namespace eps::kernels::cpu
