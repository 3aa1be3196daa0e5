// copy, with conversion and broadcasting, fill and arange. A copy walks along the target's memory;
// if the source's memory runs along another dimension, it goes by square blocks: see Transposition.
#include <algorithm>
#include <cstring>

#include "tensor/contract/conversion.h"
#include "tensor/contract/kernels.h"
#include "tensor/contract/loop.h"
#include "tensor/contract/sequence.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 128 * 1024;  // elements that are worth a second thread
constexpr std::int64_t kBlock = 32;          // side of a transposed block
// With fewer columns, such as the colours of an image, a transposed copy walks along its source.
constexpr std::int64_t kFewColumns = 8;
constexpr std::int64_t kInterleavedRows = 1024;

template <class To, class From>
void copy_row(To* __restrict to, std::int64_t to_stride, const From* __restrict from,
              std::int64_t from_stride, std::int64_t n) {
    if (to_stride == 1 && from_stride == 1) {
        if constexpr (std::is_same_v<To, From>)
            std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(To));
        else
            for (std::int64_t i = 0; i < n; ++i) to[i] = convert<To>(from[i]);
    } else if (from_stride == 0 && to_stride == 1) {
        std::fill_n(to, n, convert<To>(*from));
    } else {
        for (std::int64_t i = 0; i < n; ++i) to[i * to_stride] = convert<To>(from[i * from_stride]);
    }
}

/// to[r * to_stride + c] = from[c * from_stride + r]. Operand 0 of the dimensions is the target,
/// operand 1 the source.
template <class To, class From> struct Transposition {
    LoopDimension<2> rows, columns;
    To* to;
    const From* from;

    // The tile is read along the source and written along the target, so that every cache line is
    // touched once, even if the stride is a power of two and the lines of a block evict each other.
    template <bool Full> void block(std::int64_t row, std::int64_t column) const {
        const std::int64_t height = Full ? kBlock : std::min(kBlock, rows.size - row);
        const std::int64_t width = Full ? kBlock : std::min(kBlock, columns.size - column);
        const std::int64_t to_stride = rows.strides[0], from_stride = columns.strides[1];
        // Padded, because the second loop runs down its columns.
        To tile[kBlock][kBlock + 16 / sizeof(To)];
        const From* __restrict source = from + column * from_stride + row;
        for (std::int64_t c = 0; c < width; ++c)
            for (std::int64_t r = 0; r < height; ++r)
                tile[c][r] = convert<To>(source[c * from_stride + r]);
        To* __restrict target = to + row * to_stride + column;
        for (std::int64_t r = 0; r < height; ++r)
            for (std::int64_t c = 0; c < width; ++c) target[r * to_stride + c] = tile[c][r];
    }
    void row_of_blocks(std::int64_t row) const {
        for (std::int64_t column = 0; column < columns.size; column += kBlock) {
            if (row + kBlock <= rows.size && column + kBlock <= columns.size)
                block<true>(row, column);
            else
                block<false>(row, column);
        }
    }
    // A few columns: each is copied along the source, and they interleave in the target.
    void interleave(std::int64_t row, std::int64_t height) const {
        for (std::int64_t c = 0; c < columns.size; ++c)
            copy_row(to + row * rows.strides[0] + c, rows.strides[0],
                     from + c * columns.strides[1] + row, 1, height);
    }
};

// Copies one transposed matrix for each index of `outer`.
template <class To, class From>
void copy_transposed(const Loop<2>& outer, const LoopDimension<2>& rows,
                     const LoopDimension<2>& columns, To* to, const From* from) {
    const bool interleaved = columns.size < kFewColumns;
    const std::int64_t height = interleaved ? kInterleavedRows : kBlock;
    const std::int64_t strips = ceil_div(rows.size, height);
    const std::int64_t strip_work = std::min(height, rows.size) * columns.size;
    parallel_for(
        outer.count() * strips, std::max<std::int64_t>(1, kGrain / strip_work),
        [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const LoopIterator<2> at(outer, unit / strips);
                const std::int64_t row = unit % strips * height;
                const Transposition<To, From> matrix{rows, columns, to + at[0], from + at[1]};
                if (interleaved)
                    matrix.interleave(row, std::min(height, rows.size - row));
                else
                    matrix.row_of_blocks(row);
            }
        });
}

template <class To, class From>
void copy_rows(const Loop<2>& outer, const LoopDimension<2>& inner, To* to, const From* from) {
    const std::int64_t pieces = ceil_div(inner.size, kGrain);  // long rows are cut
    const auto row = [&](std::int64_t to_at, std::int64_t from_at, std::int64_t n) {
        copy_row(to + to_at, inner.strides[0], from + from_at, inner.strides[1], n);
    };
    if (pieces > 1) {
        parallel_for(outer.count() * pieces, 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t unit = begin; unit < end; ++unit) {
                const LoopIterator<2> at(outer, unit / pieces);
                const std::int64_t first = unit % pieces * kGrain;
                row(at[0] + first * inner.strides[0], at[1] + first * inner.strides[1],
                    std::min(kGrain, inner.size - first));
            }
        });
        return;
    }
    parallel_for(outer.count(), std::max<std::int64_t>(1, kGrain / inner.size),
                 [&](std::int64_t begin, std::int64_t end) {
                     LoopIterator<2> at(outer, begin);
                     for (std::int64_t r = begin; r < end; ++r, at.next())
                         row(at[0], at[1], inner.size);
                 });
}

// The outer dimension along which the source is contiguous, if it is not contiguous along the
// innermost dimension as the target is; -1 if there is none.
int source_dimension(const Loop<2>& outer, const LoopDimension<2>& inner) {
    if (inner.strides[0] != 1 || inner.strides[1] == 1 || inner.strides[1] == 0) return -1;
    for (int d = outer.rank - 1; d >= 0; --d)
        if (outer[d].strides[1] == 1 && outer[d].size >= kFewColumns) return d;
    return -1;
}

template <class To, class From> void copy_typed(Tensor& out, const Tensor& src) {
    auto outer = plan_loop<2>({&out, &src});
    const LoopDimension<2> inner = outer.pop();
    To* to = static_cast<To*>(out.raw_data());
    const From* from = static_cast<const From*>(src.raw_data());
    const int rows = source_dimension(outer, inner);
    if (rows < 0) return copy_rows(outer, inner, to, from);
    Loop<2> others;
    for (int d = 0; d < outer.rank; ++d)
        if (d != rows) others.append(outer[d]);
    copy_transposed(others, outer[rows], inner, to, from);
}

}  // namespace

void copy(Tensor& out, const Tensor& src) {
    if (out.numel() == 0) return;
    if (out.dtype() == src.dtype())
        return visit_words(out.dtype(), [&]<class T>() { copy_typed<T, T>(out, src); });
    copy_converted(out, src, [&]<class To, class From>(Tensor& to, const Tensor& from) {
        copy_typed<To, From>(to, from);
    });
}

void fill(Tensor& out, Number value) {
    if (out.numel() == 0) return;
    visit_words(out.dtype(), [&]<class T>() {
        const auto loop = plan_loop<1>({&out});
        T* data = static_cast<T*>(out.raw_data());
        const auto element = static_cast<T>(word_of(out.dtype(), value));
        const std::int64_t stride = loop.inner_stride(0), inner = loop.inner_size();
        if (loop.rank <= 1 && stride == 1) {
            parallel_for(inner, kGrain, [&](std::int64_t begin, std::int64_t end) {
                std::fill(data + begin, data + end, element);
            });
            return;
        }
        parallel_for(loop.outer_count(), std::max<std::int64_t>(1, kGrain / inner),
                     [&](std::int64_t begin, std::int64_t end) {
                         for (std::int64_t row = begin; row < end; ++row) {
                             T* const to = data + loop.row_offset(0, row);
                             for (std::int64_t i = 0; i < inner; ++i) to[i * stride] = element;
                         }
                     });
    });
}

void arange(Tensor& out, double start, double step) {
    visit(out.dtype(), [&]<class T>() {
        T* data = static_cast<T*>(out.raw_data());
        const ArithmeticSequence<T> element(start, step);
        parallel_for(out.numel(), kGrain, [=](std::int64_t begin, std::int64_t end) {
            for (std::int64_t i = begin; i < end; ++i) data[i] = element(i);
        });
    });
}

}  // namespace eps::kernels::cpu
