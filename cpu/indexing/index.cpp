// gather, scatter, which adds or overwrites, and cumsum.
#include <algorithm>
#include <cstring>

#include "cpu/reduction/lines.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kGrain = 32 * 1024;  // elements worth a second thread
// elements: two threads that share a line slow each other down
constexpr std::int64_t kCacheLine = 16;

[[noreturn, gnu::cold, gnu::noinline]] void out_of_range(const char* op, std::int64_t index,
                                                         std::int64_t extent) {
    fail(op, "index out of range; got ", index, "; expected 0 to ", extent - 1);
}

template <bool Accumulate> constexpr const char* kScatter = Accumulate ? "scatter_add" : "scatter";

// A negative index is a huge unsigned one.
inline std::int64_t checked(const char* op, std::int64_t index, std::int64_t extent) {
    if (static_cast<std::uint64_t>(index) >= static_cast<std::uint64_t>(extent)) [[unlikely]]
        out_of_range(op, index, extent);
    return index;
}

// Looks at all indices of a row before any is used, so that the loops over them are free of
// branches.
void check_row(const char* op, const std::int64_t* index, std::int64_t stride, std::int64_t n,
               std::int64_t extent) {
    const auto limit = static_cast<std::uint64_t>(extent);
    bool bad = false;
    if (stride == 1)
        for (std::int64_t i = 0; i < n; ++i) bad |= static_cast<std::uint64_t>(index[i]) >= limit;
    else
        for (std::int64_t i = 0; i < n; ++i)
            bad |= static_cast<std::uint64_t>(index[i * stride]) >= limit;
    // throws at the first that is
    for (std::int64_t i = 0; bad; ++i) checked(op, index[i * stride], extent);
}

/// A tensor taken apart: `line` runs along dim, `inner` is the innermost of the dimensions after it
/// (extent 1 if there is none), `outer` is the rest.
template <std::size_t N> struct Parts {
    Nest<N> outer;
    Axis<N> line, inner;
    Parts(const std::array<const Tensor*, N>& tensors, const Shape& shape, int dim) {
        Nest<N> after;
        for (int d = 0; d < dim; ++d) outer.append(axis_of<N>(tensors, shape, d));
        for (int d = dim + 1; d < shape.rank(); ++d) after.append(axis_of<N>(tensors, shape, d));
        inner = after.pop();
        for (int d = 0; d < after.rank(); ++d) outer.append(after[d]);
        // rank 0 is a line of one element
        if (shape.rank() > 0) line = axis_of<N>(tensors, shape, dim);
        // one element of each line, as labels pick: go along the lines
        if (inner.size == 1 && line.size == 1) inner = outer.pop();
    }
};

/// Calls work(outer begin, outer end, inner begin, inner end) on several threads, and never cuts a
/// line.
template <std::size_t N, class Work> void parallel_lines(const Parts<N>& parts, Work&& work) {
    const std::int64_t places = parts.outer.count(), width = parts.inner.size,
                       length = parts.line.size;
    if (places >= kCacheLine || width < 2 * kCacheLine) {
        const std::int64_t grain =
            std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, length * width));
        parallel_for(places, grain,
                     [&](std::int64_t begin, std::int64_t end) { work(begin, end, 0, width); });
        return;
    }
    const std::int64_t columns = (width + kCacheLine - 1) / kCacheLine;
    const std::int64_t grain =
        std::max<std::int64_t>(1, kGrain / std::max<std::int64_t>(1, places * length * kCacheLine));
    parallel_for(columns, grain, [&](std::int64_t begin, std::int64_t end) {
        work(0, places, begin * kCacheLine, std::min(width, end * kCacheLine));
    });
}

// One row of gather: to[i] = table[index[i] * table_line + i]; operands of the axis are to, table,
// index.
template <class T>
void gather_row(T* __restrict to, const T* __restrict table, const std::int64_t* __restrict index,
                const Axis<3>& row, std::int64_t extent, std::int64_t table_line) {
    const auto [to_stride, table_stride, index_stride] = row.strides;
    if (index_stride == 0) {  // one index for the whole row, as an embedding has
        const T* from = table + checked("gather", *index, extent) * table_line;
        if (to_stride == 1 && table_stride == 1)
            std::memcpy(to, from, static_cast<std::size_t>(row.size) * sizeof(T));
        else
            for (std::int64_t i = 0; i < row.size; ++i) to[i * to_stride] = from[i * table_stride];
        return;
    }
    check_row("gather", index, index_stride, row.size, extent);
    for (std::int64_t i = 0; i < row.size; ++i)
        to[i * to_stride] = table[i * table_stride + index[i * index_stride] * table_line];
}

template <class T> void gather_typed(Tensor& out, const Tensor& src, int dim, const Tensor& index) {
    T* target = static_cast<T*>(out.raw_data());
    const T* table = static_cast<const T*>(src.raw_data());
    const auto* indices = index.data<std::int64_t>();
    Parts<3> parts({&out, &src, &index}, out.shape(), dim);
    const std::int64_t extent = src.rank() ? src.size(dim) : 1, table_line = parts.line.strides[1];
    parts.line.strides[1] = 0;  // along the line, the index alone says where in the table
    Nest<3> rows = parts.outer;
    rows.append(parts.line);
    const Axis<3> row = parts.inner.size > 1 ? parts.inner : rows.pop();
    const std::int64_t pieces = (row.size + kGrain - 1) / kGrain;
    // to copy whole rows costs less than to pick elements
    const std::int64_t cheap = row.strides[2] == 0 ? 8 : 1;
    const std::int64_t units_grain = std::max<std::int64_t>(1, cheap * kGrain / row.size);
    parallel_for(rows.count() * pieces, units_grain, [&](std::int64_t begin, std::int64_t end) {
        Walk<3> at(rows, begin / pieces);
        std::int64_t piece = begin % pieces;
        for (std::int64_t unit = begin; unit < end; ++unit) {
            const std::int64_t first = piece * kGrain;
            const auto offset = [&](std::size_t k) { return at[k] + first * row.strides[k]; };
            const Axis<3> part{std::min(kGrain, row.size - first), row.strides};
            gather_row(target + offset(0), table + offset(1), indices + offset(2), part, extent,
                       table_line);
            if (++piece == pieces) {
                piece = 0;
                at.next();
            }
        }
    });
}

// One row of scatter: table[index[i] * table_line + i] = or += from[i]; operands of the axis are
// table, index, from.
template <bool Accumulate, class T>
void scatter_row(T* __restrict table, const std::int64_t* __restrict index,
                 const T* __restrict from, const Axis<3>& row, std::int64_t extent,
                 std::int64_t table_line) {
    const auto put = [](T& cell, T x) { cell = Accumulate ? static_cast<T>(cell + x) : x; };
    const auto [table_stride, index_stride, from_stride] = row.strides;
    if (index_stride == 0) {
        T* __restrict to = table + checked(kScatter<Accumulate>, *index, extent) * table_line;
        if (table_stride == 1 && from_stride == 1)
            for (std::int64_t i = 0; i < row.size; ++i) put(to[i], from[i]);
        else
            for (std::int64_t i = 0; i < row.size; ++i)
                put(to[i * table_stride], from[i * from_stride]);
        return;
    }
    check_row(kScatter<Accumulate>, index, index_stride, row.size, extent);
    for (std::int64_t i = 0; i < row.size; ++i)
        put(table[i * table_stride + index[i * index_stride] * table_line], from[i * from_stride]);
}

// Lines are never cut: equal indices of a line come in their order, whatever the number of threads.
template <bool Accumulate, class T>
void scatter_typed(Tensor& out, int dim, const Tensor& index, const Tensor& src) {
    T* table = static_cast<T*>(out.raw_data());
    const auto* indices = index.data<std::int64_t>();
    const T* source = static_cast<const T*>(src.raw_data());
    const Parts<3> parts({&out, &index, &src}, src.shape(), dim);
    const std::int64_t extent = out.rank() ? out.size(dim) : 1;
    parallel_lines(
        parts, [&](std::int64_t begin, std::int64_t end, std::int64_t first, std::int64_t last) {
            const auto& [table_line, index_line, from_line] = parts.line.strides;
            const auto& [table_inner, index_inner, from_inner] = parts.inner.strides;
            const Axis<3> row{last - first, parts.inner.strides};
            Walk<3> at(parts.outer, begin);
            if (parts.inner.size == 1) {  // nothing lies beside the line: it is the row
                const Axis<3> line{parts.line.size, {0, index_line, from_line}};
                for (std::int64_t place = begin; place < end; ++place, at.next())
                    scatter_row<Accumulate>(table + at[0], indices + at[1], source + at[2], line,
                                            extent, table_line);
                return;
            }
            for (std::int64_t place = begin; place < end; ++place, at.next())
                for (std::int64_t j = 0; j < parts.line.size; ++j)
                    scatter_row<Accumulate>(table + at[0] + first * table_inner,
                                            indices + at[1] + j * index_line + first * index_inner,
                                            source + at[2] + j * from_line + first * from_inner,
                                            row, extent, table_line);
        });
}

template <class T> void cumsum_typed(Tensor& out, const Tensor& src, int dim, bool reverse) {
    const Parts<2> parts({&out, &src}, out.shape(), dim);
    const auto& [to_inner, from_inner] = parts.inner.strides;
    const std::int64_t length = parts.line.size, start = reverse ? length - 1 : 0,
                       sign = reverse ? -1 : 1;
    const std::int64_t to_step = sign * parts.line.strides[0],
                       from_step = sign * parts.line.strides[1];
    parallel_lines(parts, [&](std::int64_t begin, std::int64_t end, std::int64_t first,
                              std::int64_t last) {
        Walk<2> at(parts.outer, begin);
        for (std::int64_t place = begin; place < end; ++place, at.next()) {
            T* to = static_cast<T*>(out.raw_data()) + at[0] + start * parts.line.strides[0];
            const T* from =
                static_cast<const T*>(src.raw_data()) + at[1] + start * parts.line.strides[1];
            if (parts.inner.size == 1) {
                T total = T(0);
                for (std::int64_t k = 0; k < length; ++k)
                    to[k * to_step] = total = static_cast<T>(total + from[k * from_step]);
                continue;
            }
            for (std::int64_t i = first; i < last; ++i) to[i * to_inner] = from[i * from_inner];
            for (std::int64_t k = 1; k < length; ++k) {  // a row of totals after the other
                T* __restrict row = to + k * to_step;
                const T* before = row - to_step;
                const T* x = from + k * from_step;
#pragma GCC ivdep
                for (std::int64_t i = first; i < last; ++i)
                    row[i * to_inner] = static_cast<T>(before[i * to_inner] + x[i * from_inner]);
            }
        }
    });
}

}  // namespace

void gather(Tensor& out, const Tensor& src, int dim, const Tensor& index) {
    if (out.numel() == 0) return;
    visit_words(out.dtype(), [&]<class T>() { gather_typed<T>(out, src, dim, index); });
}

void scatter(Tensor& out, int dim, const Tensor& index, const Tensor& src, bool accumulate) {
    if (src.numel() == 0) return;
    if (!accumulate)
        return visit_words(out.dtype(),
                           [&]<class T>() { scatter_typed<false, T>(out, dim, index, src); });
    visit(out.dtype(), [&]<class T>() {
        // ops refused those
        if constexpr (!is_stored_only<T>) scatter_typed<true, T>(out, dim, index, src);
    });
}

void cumsum(Tensor& out, const Tensor& src, int dim, bool reverse) {
    if (out.numel() == 0) return;
    visit_number("cumsum", out.dtype(),
                 [&]<class T>() { cumsum_typed<T>(out, src, dim, reverse); });
}

}  // namespace eps::kernels::cpu
