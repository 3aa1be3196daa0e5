#pragma once
// Reductions whose outputs are neighbours in memory.
//
//     out[o] = combine of src[r, o]      o runs along memory
//
// Whole rows are combined at once: a strip of kColumns outputs takes up to kRows rows, four at a
// time; the results of such chunks are combined along a tree. If the rows follow each other without
// a gap and are short, a *group* of them is taken as one long row, and folded at the end.
#include <vector>

#include "cpu/reduction/reduce.h"
#include "cpu/reduction/reduce_plan.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {

template <class R, class T, class S> class ReduceColumns {
    static constexpr std::int64_t kColumns = 256;  // columns of a strip
    static constexpr std::int64_t kRows = 256;     // rows of a chunk

public:
    ReduceColumns(T* out, const S* src, const ReducePlan& plan)
        : out_(out),
          src_(src),
          around_(plan.outputs),
          columns_(around_.pop()),
          rows_(plan.reduced) {
        const bool gapless = rows_.rank == 1 && rows_.inner_stride(0) == columns_.size;
        if (gapless && columns_.size <= kColumns / 2) {
            const LoopDimension<1> all = rows_.pop();
            group_ = std::min(kColumns / columns_.size, all.size);
            rest_ = all.size % group_;
            rows_.append({all.size / group_, {group_ * columns_.size}});
        }
        strips_ = ceil_div(columns_.size, kColumns);
        height_ = rows_.count();
        chunks_ = ceil_div(height_, kRows);
    }

    void run() const {
        const std::int64_t units = around_.count() * strips_;
        const std::int64_t unit_work = strip_width(0) * std::min(kRows, height_);
        if (chunks_ == 1) {
            parallel_for(units, reduce_grain(unit_work), [&](std::int64_t begin, std::int64_t end) {
                T partial[kColumns];
                for (std::int64_t unit = begin; unit < end; ++unit) {
                    chunk(partial, unit, 0);
                    finish(partial, unit);
                }
            });
            return;
        }
        std::vector<T> partial(static_cast<std::size_t>(units * chunks_ * kColumns));
        parallel_for(units * chunks_, reduce_grain(unit_work),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t u = begin; u < end; ++u)
                             chunk(partial.data() + u * kColumns, u / chunks_, u % chunks_);
                     });
        parallel_for(
            units, reduce_grain(kColumns * chunks_), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t unit = begin; unit < end; ++unit) {
                    T* const totals = partial.data() + unit * chunks_ * kColumns;
                    combine_rows<R>(totals, chunks_, strip_width(unit % strips_), kColumns);
                    finish(totals, unit);
                }
            });
    }

private:
    // A unit is one strip at one position of the loop around it.
    std::int64_t strip_width(std::int64_t strip) const {
        return std::min(kColumns, columns_.size - strip * kColumns) * group_;
    }

    // total = chunk c of the rows of a unit.
    void chunk(T* __restrict total, std::int64_t unit, std::int64_t c) const {
        const std::int64_t strip = unit % strips_, n = strip_width(strip), first = c * kRows;
        const S* x = src_ + LoopIterator<2>(around_, unit / strips_)[0] + strip * kColumns;
        std::fill_n(total, n, R::identity());
        add_rows(total, x, first, std::min(kRows, height_ - first), n);
        if (rest_ > 0 && c == chunks_ - 1)
            add_row(total, x + height_ * group_ * columns_.size, rest_ * columns_.size);
    }
    // total[i] joins the rows [first, first + count) at x + i, four rows at a time.
    void add_rows(T* __restrict total, const S* x, std::int64_t first, std::int64_t count,
                  std::int64_t n) const {
        LoopIterator<1> at(rows_, first);
        const auto next = [&] {
            const S* row = x + at[0];
            at.next();
            return row;
        };
        std::int64_t r = 0;
        for (; r + 4 <= count; r += 4) {
            const S* __restrict a = next();
            const S* __restrict b = next();
            const S* __restrict c = next();
            const S* __restrict d = next();
            for (std::int64_t i = 0; i < n; ++i) {
                const T left = R::combine(static_cast<T>(a[i]), static_cast<T>(b[i]));
                const T right = R::combine(static_cast<T>(c[i]), static_cast<T>(d[i]));
                total[i] = R::combine(total[i], R::combine(left, right));
            }
        }
        for (; r < count; ++r) add_row(total, next(), n);
    }
    static void add_row(T* __restrict total, const S* __restrict row, std::int64_t n) {
        for (std::int64_t i = 0; i < n; ++i)
            total[i] = R::combine(total[i], static_cast<T>(row[i]));
    }
    // Folds the groups of a unit's totals and writes its outputs.
    void finish(T* totals, std::int64_t unit) const {
        const std::int64_t strip = unit % strips_, width = strip_width(strip) / group_;
        combine_rows<R>(totals, group_, width, width);
        T* const to = out_ + LoopIterator<2>(around_, unit / strips_)[1] +
                      strip * kColumns * columns_.strides[1];
        for (std::int64_t i = 0; i < width; ++i) to[i * columns_.strides[1]] = totals[i];
    }

    T* out_;
    const S* src_;
    Loop<2> around_;            // the outputs: `columns` is their innermost dimension,
    LoopDimension<2> columns_;  // `around` are the others
    Loop<1> rows_;              // the reduced dimensions, in groups of `group` rows;
    std::int64_t group_ = 1;    // `rest` rows fill no group
    std::int64_t rest_ = 0;
    std::int64_t strips_, height_, chunks_;
};

}  // namespace eps::kernels::cpu
